# The compression libraries, static, so that what is linked with them runs where they are not installed: targets
# windlass::zstd and windlass::lz4. Also part of the installed package, whose users link them too.

foreach(codec IN ITEMS zstd lz4)
  string(TOUPPER ${codec} name)
  find_path(WINDLASS_${name}_INCLUDE ${codec}.h)
  find_library(WINDLASS_${name}_LIBRARY NAMES lib${codec}.a)
  if(NOT WINDLASS_${name}_INCLUDE OR NOT WINDLASS_${name}_LIBRARY)
    set(fedora lib${codec}-static)
    if(codec STREQUAL "lz4")
      set(fedora lz4-static)
    endif()
    message(FATAL_ERROR "${codec}.h and lib${codec}.a were not found: install lib${codec}-dev (Debian, Ubuntu) or "
                        "${fedora} (Fedora), or set WINDLASS_${name}_INCLUDE and WINDLASS_${name}_LIBRARY.")
  endif()
  if(NOT TARGET windlass::${codec})
    add_library(windlass::${codec} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(windlass::${codec} PROPERTIES
      IMPORTED_LOCATION "${WINDLASS_${name}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${WINDLASS_${name}_INCLUDE}")
  endif()
endforeach()
