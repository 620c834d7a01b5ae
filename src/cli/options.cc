#include "cli/options.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "advisories/format.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "codec/value.h"
#include "layers/cache.h"
#include "net/http.h"

namespace boltseal {
namespace {

constexpr std::uint64_t text_file_limit = 64 << 20;

// A file that is there although nobody named it, as Trivy's users have it.
void add_default_ignore_files(std::vector<std::string>& files) {
  if (!files.empty()) return;
  for (const char* name : {".boltsealignore.yaml", ".trivyignore.yaml", ".trivyignore"}) {
    if (::access(name, R_OK) == 0) files.emplace_back(name);
  }
}

// "os" and "library" stand for many types.
std::vector<PackageType> package_types(const std::vector<std::string>& names) {
  std::vector<PackageType> types;
  for (const auto& name : names) {
    for (auto t = PackageType{}; t <= PackageType::generic;
         t = static_cast<PackageType>(static_cast<unsigned>(t) + 1)) {
      if (name == name_of(t) || (name == "os" && is_os_package(t)) ||
          (name == "library" && !is_os_package(t)))
        types.push_back(t);
    }
  }
  return types;
}

// "high" is that severity, "high+" all from there on; as bits 1 << Severity.
std::optional<std::uint8_t> severities_of(std::string_view name) {
  const bool open = name.ends_with('+');
  const auto severity = severity_of(open ? name.substr(0, name.size() - 1) : name);
  if (!severity) return std::nullopt;
  const unsigned bit = 1U << static_cast<unsigned>(*severity);
  constexpr unsigned all = (2U << static_cast<unsigned>(Severity::critical)) - 1;
  return static_cast<std::uint8_t>(open ? all & ~(bit - 1) : bit);
}

Result<MatchOptions> match_options(const MatchingOptions& matching) {
  MatchOptions options;
  options.only_fixed = matching.only_fixed;
  options.development = !matching.no_development;
  for (const auto& name : matching.severities)
    options.severities |= severities_of(name).value_or(0);
  options.types = package_types(matching.types);
  options.today = today();
  auto ignore_files = matching.ignore_files;
  add_default_ignore_files(ignore_files);
  for (const auto& name : ignore_files) {
    TRY(const auto text, read_file(name, text_file_limit));
    TRY(auto rules, read_ignore_file(text, name));
    std::ranges::move(rules, std::back_inserter(options.ignore));
  }
  for (const auto& name : matching.vex_files) {
    TRY(const auto text, read_file(name, text_file_limit));
    TRY(auto statements, read_openvex(text, name));
    std::ranges::move(statements, std::back_inserter(options.vex));
  }
  return options;
}

Result<LicencePolicy> licence_policy(const std::string& name) {
  if (name.empty()) return LicencePolicy{};
  TRY(const auto text, read_file(name, text_file_limit));
  auto document = parse_yaml(text);
  if (document && !(*document)["licences"])
    document = fail(Fault::corrupt, "a licence policy begins with \"licences:\"");
  auto policy = document ? read_licence_policy((*document)["licences"])
                         : Result<LicencePolicy>(std::unexpected(document.error()));
  if (!policy) policy.error().where = name;
  return policy;
}

Result<> young_enough(const Database& database, unsigned most_days) {
  if (most_days == 0) return {};
  const DatabaseInfo info = database.info();
  const auto newest = parse_time(info.date);
  const std::int64_t days = newest ? (writing_time() - *newest) / 86'400 : 0;
  if (newest && days <= most_days) return {};
  return fail(Fault::unsupported,
              newest
                  ? fmt::format("the newest record is of {}, {} days ago, and --max-db-age is {}; "
                                "run `boltseal db update`",
                                info.date.substr(0, 10), days, most_days)
                  : std::string("nothing says how old it is; run `boltseal db update`"),
              info.starter ? "the starter database" : "the advisory database");
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && !(no_colour && *no_colour) &&
         !(term && std::string_view(term) == "dumb");
}

std::string not_a_type(const std::string& name) {
  return package_types({name}).empty()
             ? fmt::format(
                   "\"{}\" is no type of packages: os, library, or a type of package "
                   "URLs: deb, apk, rpm, pypi, npm, maven, golang, cargo, gem, composer, nuget",
                   name)
             : "";
}

std::string not_a_severity(const std::string& name) {
  return severities_of(name) ? ""
                             : fmt::format(
                                   "\"{}\" is no severity: critical, high, medium, low, "
                                   "negligible or unknown; \"high+\" is high and above",
                                   name);
}

std::string not_a_size(const std::string& text) {
  return parse_size(text) ? "" : fmt::format("\"{}\" is no size: write 500M or 2G", text);
}

}  // namespace

std::string today() {
  return rfc3339(writing_time()).substr(0, std::string_view("2026-01-01").size());
}

void add_common_options(Command& command, CommonOptions& options, std::string_view formats) {
  command
      .add_option(
          "-o,--output", options.outputs,
          fmt::format("Report as FORMAT to standard output, or to a file; may be given more "
                      "than once. FORMAT is {}",
                      formats))
      ->type_name("FORMAT[=FILE]")
      ->allow_extra_args(false);
  command
      .add_option(
          "--exclude", options.exclude,
          "Leave out files and folders that this pattern names; may be given more than once")
      ->type_name("GLOB")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--platform", options.platform,
                  "Which image of an index, e.g. linux/arm64 (default: this machine's)")
      ->type_name("OS/ARCH");
  command
      .add_option("--cache-dir", options.cache_directory,
                  "Folder of the layer cache (default: $XDG_CACHE_HOME/boltseal)")
      ->type_name("DIR");
  command.add_option("--cache-limit", options.cache_limit, "Largest size of the layer cache")
      ->type_name("SIZE")
      ->check(not_a_size)
      ->capture_default_str();
  command
      .add_option("--threads", options.threads, "Threads that work at once (default: one per core)")
      ->type_name("N")
      ->check(between(0, 256));
  command.add_flag("--no-cache", options.no_cache, "Neither read nor write the layer cache");
  command.add_flag("--no-sandbox", options.no_sandbox,
                   "Read untrusted bytes without seccomp and Landlock");
  command
      .add_option("--containerd-root", options.containerd_root,
                  "Where containerd keeps its images (default: where distributions have it)")
      ->type_name("DIR");
  command.add_flag("--insecure-http", options.insecure_http, "Allow plain HTTP to the registry");
  command.add_flag("--offline", options.offline, "Send not one packet");
  command.add_flag("-q,--quiet", options.quiet, "No progress and no notes");
  command.add_flag("-v,--verbose", options.verbose, "Say more on standard error");
}

void add_matching_options(Command& command, MatchingOptions& options) {
  command
      .add_option("--db", options.database,
                  "Advisory database to match against (default: the updated one, else the starter)")
      ->type_name("FILE");
  command
      .add_option("--max-db-age", options.max_database_age,
                  "Do not match (exit code 2) where the newest record of the database is older")
      ->type_name("DAYS");
  command
      .add_option(
          "--ignore-file", options.ignore_files,
          "Findings that you have judged (default: .boltsealignore.yaml, .trivyignore.yaml, "
          ".trivyignore)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--vex", options.vex_files,
                  "OpenVEX document to apply; may be given more than once")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--licence-policy", options.licence_policy,
                  "Which licences are allowed, warned of or denied")
      ->type_name("FILE");
  command
      .add_option("--severity", options.severities,
                  "Only findings of these severities: high,critical or, with all above, high+")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(not_a_severity)
      ->allow_extra_args(false);
  command
      .add_option("--type", options.types,
                  "Only findings in these packages: os, library, or types as in package URLs")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(not_a_type)
      ->allow_extra_args(false);
  command.add_flag("--only-fixed", options.only_fixed, "Leave out findings that have no fix");
  command.add_flag("--no-dev", options.no_development,
                   "Leave out packages that are only needed to build or test");
}

ScanOptions scan_options(const std::string& reference, const CommonOptions& common) {
  set_verbosity(common.quiet     ? Verbosity::quiet
                : common.verbose ? Verbosity::verbose
                                 : Verbosity::normal);
  if (common.offline) forbid_network();
  ScanOptions options;
  options.reference = reference;
  options.source.platform = common.platform;
  options.source.insecure_http = common.insecure_http;
  options.source.containerd_root = common.containerd_root;
  options.threads = common.threads;
  options.sandbox = !common.no_sandbox;
  if (!common.no_cache)
    options.cache_directory =
        common.cache_directory.empty() ? default_cache_directory() : common.cache_directory;
  options.source.spool_directory = options.cache_directory;
  options.cache_limit = parse_size(common.cache_limit).value_or(0);
  options.exclude = common.exclude;
  return options;
}

Result<Report> run_scan(const std::string& reference, const CommonOptions& common,
                        const MatchingOptions* matching, bool explain, ContentManifest* content) {
  ScanOptions options = scan_options(reference, common);
  options.content = content;
  std::optional<Database> database;
  if (matching) {
    TRY(options.match, match_options(*matching));
    options.match.explain = explain;
    options.match.threads = common.threads;
    TRY(options.licences, licence_policy(matching->licence_policy));
    TRY(database, open_database(matching->database));
    TRY_DO(young_enough(*database, matching->max_database_age));
    options.database = &*database;
  }
  ProgressView view(common.quiet);
  options.opened = [&](const ImageInfo& image) { view.begin(image); };
  options.progress = [&](std::size_t layer, std::uint64_t bytes) { view.update(layer, bytes); };
  return scan(options);
}

std::vector<std::string_view> report_names(bool findings) {
  std::vector<std::string_view> names;
  for (const ReportFormat& format : report_formats())
    if (findings || !format.needs_findings) names.push_back(format.name);
  return names;
}

Result<std::vector<Output>> report_outputs(const CommonOptions& common, bool findings) {
  auto outputs = read_outputs(common.outputs, "table", report_names(true));
  if (!outputs || findings) return outputs;
  for (const Output& output : *outputs)
    if (report_format(output.format)->needs_findings)
      return fail(Fault::unsupported, "this format shows findings: use it with `boltseal scan`",
                  output.format);
  return outputs;
}

bool shows_proofs(const std::vector<Output>& outputs) {
  return std::ranges::any_of(
      outputs, [](const Output& output) { return report_format(output.format)->shows_proofs; });
}

Result<> write_outputs(const Report& report, const std::vector<Output>& outputs,
                       const CommonOptions& common, bool findings) {
  RenderOptions options;
  options.findings = findings;
  options.threads = common.threads;
  const auto epoch = source_date_epoch();
  options.timestamp = epoch ? rfc3339(*epoch) : report.inventory.image.created;
  const bool tells_unread = std::ranges::any_of(
      outputs, [](const Output& output) { return report_format(output.format)->names_unread; });
  if (const auto unread = report.inventory.unknowns.size(); unread > 0 && !tells_unread)
    log_warning(fmt::format("{} {} not be read, which this format does not hold; -o table names {}",
                            unread, unread == 1 ? "file could" : "files could",
                            unread == 1 ? "it" : "them"));
  // Files first: whoever reads standard output may go when it has seen enough.
  auto in_order = outputs;
  std::ranges::stable_partition(in_order,
                                [](const Output& output) { return !output.file.empty(); });
  for (const Output& output : in_order) {
    options.colour = output.file.empty() && wants_colour();
    options.width = output.file.empty() ? terminal_width() : 80;
    TRY_DO(write_output(output, [&](const Drain& drain) {
      report_format(output.format)->write(report, options, drain);
    }));
  }
  return {};
}

int complain(const Error& error) {
  std::fputs(fmt::format("boltseal: {}\n", error.message()).c_str(), stderr);
  return Exit::could_not;
}

int complain_of_call(const Error& error) {
  const int exit = complain(error);
  return error.fault == Fault::unsupported ? Exit::usage : exit;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr std::string_view letters = "KMGT";
  const auto power = letters.find(static_cast<char>(to_lower(text.back()) - 32));
  const auto number =
      parse_u64(power == std::string_view::npos ? text : text.substr(0, text.size() - 1));
  const unsigned shift =
      power == std::string_view::npos ? 0 : 10 * (static_cast<unsigned>(power) + 1);
  if (!number || *number > (UINT64_MAX >> shift)) return std::nullopt;
  return *number << shift;
}

}  // namespace boltseal
