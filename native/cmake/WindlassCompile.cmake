# How every target of this project is compiled: windlass_compile(<target>) sets its warnings and adds the sanitizer.

find_package(Threads REQUIRED)

# A compiler that the project has not been checked with may warn of more, and must not keep users from building.
set(checked_compiler OFF)
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15))
  set(checked_compiler ON)
endif()
option(WINDLASS_WARNINGS_AS_ERRORS "Warnings are errors" ${checked_compiler})

function(windlass_compile target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                           $<$<BOOL:${WINDLASS_WARNINGS_AS_ERRORS}>:-Werror>
                                           $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>)
  if(WINDLASS_SANITIZE STREQUAL "address")
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  elseif(WINDLASS_SANITIZE STREQUAL "thread")
    set(flags -fsanitize=thread -fno-omit-frame-pointer)
  elseif(WINDLASS_SANITIZE STREQUAL "undefined")
    set(flags -fsanitize=undefined -fno-sanitize-recover=all)
  elseif(WINDLASS_SANITIZE)
    message(FATAL_ERROR "WINDLASS_SANITIZE is \"${WINDLASS_SANITIZE}\"; it takes address, thread or undefined.")
  endif()
  if(WINDLASS_SANITIZE)
    # Assertions too; and what is half as fast to compile is not much slower to run.
    target_compile_options(${target} PRIVATE ${flags} -UNDEBUG -O1 -g1)
    target_link_options(${target} PUBLIC ${flags})
  endif()
endfunction()

set(WINDLASS_BY_ROOM "" CACHE STRING "Compile a folder at a time, which takes less than half as long, but a change \
then compiles its whole room: tests, or all")
set_property(CACHE WINDLASS_BY_ROOM PROPERTY STRINGS "" tests all)

# Compiles a target's sources as one for each folder that they are in, if WINDLASS_BY_ROOM is all, or what is given. So
# names without linkage are used once in a folder.
function(windlass_compile_by_room target)
  if(NOT WINDLASS_BY_ROOM STREQUAL "all" AND NOT "${WINDLASS_BY_ROOM}" IN_LIST ARGN)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(room ${source} DIRECTORY)
    file(RELATIVE_PATH room ${PROJECT_SOURCE_DIR} ${room})
    string(MAKE_C_IDENTIFIER "${room}" room)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP "${room}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

# <os>-<arch>, as the jar names its native folders.
function(windlass_platform output)
  string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" arch)
  if(arch MATCHES "^(x86_64|amd64)$")
    set(arch x86_64)
  elseif(arch MATCHES "^(aarch64|arm64)$")
    set(arch aarch64)
  endif()
  string(TOLOWER "${CMAKE_SYSTEM_NAME}" os)
  set(${output} "${os}-${arch}" PARENT_SCOPE)
endfunction()
