# How every target of this project is compiled: windlass_compile(<target>) makes warnings errors and adds the sanitizer.

find_package(Threads REQUIRED)

function(windlass_compile target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror
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
    target_compile_options(${target} PRIVATE ${flags} -UNDEBUG) # assertions too
    target_link_options(${target} PUBLIC ${flags})
  endif()
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
