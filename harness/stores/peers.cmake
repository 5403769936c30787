# Stores that are made of other libraries: the files x_….cc in harness/stores/x/ are compiled if the
# library is there. To add one: write them, a line here, a row in harness/stores.cc.
#
# ROCKSDB_ROOT names a directory with another RocksDB (include/, lib/) than the system's.
option(VARVE_PEERS "build the stores of other libraries that are there" ON)
set(ROCKSDB_ROOT "" CACHE PATH "a RocksDB to use instead of the system's")

# varve_peer(NAME LIBRARY HEADER [ROOT]): defines VARVE_<NAME> as 1 or 0 for harness/stores.cc.
function(varve_peer name library header)
  string(TOUPPER ${name} upper)
  set(found 0)
  unset(VARVE_${upper}_LIBRARY CACHE)
  unset(VARVE_${upper}_INCLUDE CACHE)
  if(VARVE_PEERS)
    set(hints)
    if(ARGN)
      set(hints PATHS ${ARGN} PATH_SUFFIXES lib lib64 lib/${CMAKE_LIBRARY_ARCHITECTURE}
        lib64/${CMAKE_LIBRARY_ARCHITECTURE} include NO_DEFAULT_PATH)
    endif()
    find_library(VARVE_${upper}_LIBRARY ${library} ${hints})
    find_path(VARVE_${upper}_INCLUDE ${header} ${hints})
  endif()
  if(VARVE_${upper}_LIBRARY AND VARVE_${upper}_INCLUDE)
    set(found 1)
    target_include_directories(varve_harness SYSTEM PRIVATE ${VARVE_${upper}_INCLUDE})
    target_link_libraries(varve_harness PRIVATE ${VARVE_${upper}_LIBRARY})
  elseif(ARGN)
    message(FATAL_ERROR "there is no ${library} in ${ARGN} (include/${header} and lib/)")
  else()
    get_target_property(sources varve_harness SOURCES)
    list(FILTER sources EXCLUDE REGEX "/stores/${name}/${name}_[a-z_]+\\.cc$")
    set_target_properties(varve_harness PROPERTIES SOURCES "${sources}")
  endif()
  set_property(SOURCE harness/stores.cc APPEND PROPERTY COMPILE_DEFINITIONS
    VARVE_${upper}=${found})
endfunction()

varve_peer(rocksdb rocksdb rocksdb/db.h ${ROCKSDB_ROOT})
# RocksDB's release builds have no type information: none is asked for of its objects, and the file
# that derives a class from one of its own has none, too.
file(GLOB rocksdb_sources CONFIGURE_DEPENDS harness/stores/rocksdb/*.cc)
set_source_files_properties(${rocksdb_sources} PROPERTIES COMPILE_OPTIONS -fno-sanitize=vptr)
set_property(SOURCE ${CMAKE_SOURCE_DIR}/harness/stores/rocksdb/rocksdb_listener.cc
  APPEND PROPERTY COMPILE_OPTIONS -fno-rtti)
varve_peer(leveldb leveldb leveldb/db.h)
varve_peer(lmdb lmdb lmdb.h)
varve_peer(wiredtiger wiredtiger wiredtiger.h)
varve_peer(sqlite sqlite3 sqlite3.h)
varve_peer(resp hiredis hiredis/hiredis.h)
