# cmake --install and find_package(Troupe).
