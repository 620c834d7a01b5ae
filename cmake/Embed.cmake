# boltseal_embed(target name file): compiles the bytes of `file` into `target` as
#   namespace boltseal { std::string_view name(); }
# The assembler reads the file (.incbin), so that size and content do not matter; a change of the file rebuilds.
function(boltseal_embed target name file)
  get_filename_component(path ${file} ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
  set(source ${CMAKE_BINARY_DIR}/embedded/${name}.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [=[
#include <string_view>
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    "boltseal_embedded_@name@:\n"
    ".incbin \"@path@\"\n"
    "boltseal_embedded_@name@_end:\n"
    ".byte 0\n"
    ".globl boltseal_embedded_@name@\n"
    ".globl boltseal_embedded_@name@_end\n"
    ".hidden boltseal_embedded_@name@\n"
    ".hidden boltseal_embedded_@name@_end\n"
    ".popsection\n");
extern "C" {
extern const char boltseal_embedded_@name@[] __attribute__((visibility("hidden")));
extern const char boltseal_embedded_@name@_end[] __attribute__((visibility("hidden")));
}
namespace boltseal {
std::string_view @name@();
std::string_view @name@() {
  const char* begin = boltseal_embedded_@name@;
  return {begin, static_cast<std::size_t>(boltseal_embedded_@name@_end - begin)};
}
}  // namespace boltseal
]=])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${path})
  target_sources(${target} PRIVATE ${source})
endfunction()
