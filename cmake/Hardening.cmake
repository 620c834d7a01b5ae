# Warnings are errors; hardening stays on in release because the attacker owns the input.
add_library(boltseal_flags INTERFACE)
target_compile_options(boltseal_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror -fno-omit-frame-pointer
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
# GCC 12 sees dangling and uninitialised values inside std::expected and std::variant that are not there.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(boltseal_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
  # Precompiled, it forgets which lines are the library's, and sees overflows in its own std::string. The same macros
  # have to stand in all targets, and -pthread makes one.
  if(BOLTSEAL_PRECOMPILE)
    target_compile_options(boltseal_flags INTERFACE -pthread -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
else()
  # libstdc++ 12 uses what it deprecates itself (std::get_temporary_buffer in stable_sort).
  target_compile_options(boltseal_flags INTERFACE -Wno-deprecated-declarations)
endif()
target_compile_definitions(boltseal_flags INTERFACE _GLIBCXX_ASSERTIONS BOLTSEAL_VERSION="${PROJECT_VERSION}")
target_link_options(boltseal_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
if(BOLTSEAL_SANITIZE)
  target_compile_options(boltseal_flags INTERFACE -fsanitize=${BOLTSEAL_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(boltseal_flags INTERFACE -fsanitize=${BOLTSEAL_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_options(boltseal_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
# Coverage for the fuzzer: every folder needs it, or libFuzzer sees nothing but its own entry.
if(BOLTSEAL_FUZZ)
  target_compile_options(boltseal_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(boltseal_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()
# An older mold (Ubuntu 22.04) writes RUNPATH where RPATH is asked for: see CMakeLists.txt.
find_program(BOLTSEAL_MOLD mold)
if(BOLTSEAL_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  execute_process(COMMAND ${BOLTSEAL_MOLD} --version OUTPUT_VARIABLE mold_version)
  if(mold_version MATCHES "^mold ([0-9.]+)" AND CMAKE_MATCH_1 VERSION_GREATER_EQUAL 1.10)
    add_link_options(-fuse-ld=mold)
  endif()
endif()
