// One line per reader here and one in the list below, both sorted by name.
#include "catalogers/readers.h"

namespace boltseal {

extern const Reader apk_reader;
extern const Reader binary_reader;
extern const Reader bun_lock_reader;
extern const Reader cargo_lock_reader;
extern const Reader chisel_reader;
extern const Reader composer_reader;
extern const Reader conda_meta_reader;
extern const Reader deb_copyright_reader;
extern const Reader deno_lock_reader;
extern const Reader dotnet_deps_reader;
extern const Reader dpkg_info_reader;
extern const Reader dpkg_status_reader;
extern const Reader gemfile_lock_reader;
extern const Reader go_mod_reader;
extern const Reader go_sum_reader;
extern const Reader go_vendor_reader;
extern const Reader gradle_lockfile_reader;
extern const Reader jar_reader;
extern const Reader node_package_reader;
extern const Reader npm_lock_reader;
extern const Reader nuget_config_reader;
extern const Reader nuget_lock_reader;
extern const Reader os_release_reader;
extern const Reader pnpm_lock_reader;
extern const Reader pom_xml_reader;
extern const Reader python_lock_reader;
extern const Reader python_metadata_reader;
extern const Reader python_requirements_reader;
extern const Reader rpm_reader;
extern const Reader rpm_manifest_reader;
extern const Reader rpm_wal_reader;
extern const Reader ruby_gemspec_reader;
extern const Reader yarn_lock_reader;

namespace {

// clang-format off
constexpr const Reader* readers[] = {
    &apk_reader,
    &binary_reader,
    &bun_lock_reader,
    &cargo_lock_reader,
    &chisel_reader,
    &composer_reader,
    &conda_meta_reader,
    &deb_copyright_reader,
    &deno_lock_reader,
    &dotnet_deps_reader,
    &dpkg_info_reader,
    &dpkg_status_reader,
    &gemfile_lock_reader,
    &go_mod_reader,
    &go_sum_reader,
    &go_vendor_reader,
    &gradle_lockfile_reader,
    &jar_reader,
    &node_package_reader,
    &npm_lock_reader,
    &nuget_config_reader,
    &nuget_lock_reader,
    &os_release_reader,
    &pnpm_lock_reader,
    &pom_xml_reader,
    &python_lock_reader,
    &python_metadata_reader,
    &python_requirements_reader,
    &rpm_reader,
    &rpm_manifest_reader,
    &rpm_wal_reader,
    &ruby_gemspec_reader,
    &yarn_lock_reader,
};
// clang-format on

}  // namespace

std::span<const Reader* const> all_readers() { return readers; }

}  // namespace boltseal
