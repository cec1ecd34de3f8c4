# How every target of Troupe is built: language, warnings, sanitizers, ccache, and the helpers
# troupe_library(), troupe_logic() and troupe_test().

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O0")
set(CMAKE_C_FLAGS_DEBUG "-O0")

find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE)
  set(TROUPE_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_SLOPPINESS=pch_defines,time_macros ${TROUPE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TROUPE_COMPILER_LAUNCHER})
  set(CMAKE_C_COMPILER_LAUNCHER ${TROUPE_COMPILER_LAUNCHER})
endif()

find_program(TROUPE_MOLD mold)
if(TROUPE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(TROUPE_SANITIZE)
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
endif()

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)

# Warnings of our own code; generated code and third-party headers are exempt.
add_library(troupe_warnings INTERFACE)
target_compile_options(troupe_warnings INTERFACE -Wall -Wextra -Wpedantic $<$<BOOL:${TROUPE_WERROR}>:-Werror>)

# troupe_name(TARGET): inside and outside of this build, target troupe_x is Troupe::x.
function(troupe_name TARGET)
  string(REPLACE "troupe_" "" short ${TARGET})
  add_library(Troupe::${short} ALIAS ${TARGET})
  set_target_properties(${TARGET} PROPERTIES EXPORT_NAME ${short})
endfunction()

# troupe_library(NAME DIR dir... [LINK lib...] [PRIVATE_LINK lib...]): a static library of every
# .cpp file directly in the given folders.
function(troupe_library NAME)
  cmake_parse_arguments(ARG "" "" "DIR;LINK;PRIVATE_LINK" ${ARGN})
  set(sources)
  foreach(dir ${ARG_DIR})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.hpp)
    list(APPEND sources ${found})
  endforeach()
  set(units ${sources})
  list(FILTER units INCLUDE REGEX "\\.cpp$")
  if(NOT units)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_empty.cpp "")
    list(APPEND sources ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_empty.cpp)
  endif()
  add_library(${NAME} STATIC ${sources})
  troupe_name(${NAME})
  target_include_directories(${NAME} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/troupe>)
  target_link_libraries(${NAME} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:troupe_warnings> ${ARG_PRIVATE_LINK})
  if(TROUPE_PCH AND NOT NAME STREQUAL "troupe_actors")
    target_precompile_headers(${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp)
  endif()
endfunction()

# troupe_logic(NAME DIR dir...): a floor 1 library. It links messages only, and a link test under
# ctest loads the whole of it with nothing else: a stray symbol of CAF, glog or a socket fails there.
function(troupe_logic NAME)
  cmake_parse_arguments(ARG "" "" "DIR" ${ARGN})
  troupe_library(${NAME} DIR ${ARG_DIR} LINK troupe_messages)
  set_property(GLOBAL APPEND PROPERTY TROUPE_LOGIC_LIBRARIES ${NAME})
endfunction()

# troupe_test(NAME DIR dir... LINK lib... [LABELS label...] [TIMEOUT seconds]): one GoogleTest
# program of every .cpp file in the given folders, run by ctest as NAME.
function(troupe_test NAME)
  cmake_parse_arguments(ARG "" "TIMEOUT" "DIR;LINK;LABELS;DEFINITIONS" ${ARGN})
  set(sources)
  foreach(dir ${ARG_DIR})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    message(STATUS "${NAME}: no sources yet")
    return()
  endif()
  add_executable(${NAME} ${sources})
  target_link_libraries(${NAME} PRIVATE ${ARG_LINK} GTest::gmock GTest::gtest_main troupe_warnings)
  target_compile_definitions(${NAME} PRIVATE ${ARG_DEFINITIONS})
  if(TROUPE_PCH)
    target_precompile_headers(${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${NAME} COMMAND ${NAME})
  set_tests_properties(${NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
