# cmake --install, and find_package(Troupe) for frameworks built out of tree, which link
# Troupe::scheduler or Troupe::executor.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Troupe)

install(TARGETS troupe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS troupe-supervisor RUNTIME DESTINATION libexec/troupe)
install(TARGETS troupe_wire troupe_messages troupe_actors troupe_scheduler troupe_executor_logic troupe_executor
  EXPORT TroupeTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/troupe)
foreach(folder messages actors actors/ports scheduler executor executor/logic)
  file(GLOB headers ${PROJECT_SOURCE_DIR}/${folder}/*.hpp)
  install(FILES ${headers} DESTINATION include/troupe/${folder})
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/actors/net/host.hpp DESTINATION include/troupe/actors/net)
install(DIRECTORY ${PROJECT_BINARY_DIR}/generated/ DESTINATION include/troupe FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/messages/proto/ DESTINATION share/troupe/proto)
install(EXPORT TroupeTargets NAMESPACE Troupe:: DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/TroupeConfig.cmake.in
  ${PROJECT_BINARY_DIR}/TroupeConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/TroupeConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/TroupeConfig.cmake ${PROJECT_BINARY_DIR}/TroupeConfigVersion.cmake
  DESTINATION ${package_dir})
