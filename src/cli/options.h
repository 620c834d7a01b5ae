// The options that commands share, and how they become a scan.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "advisories/database.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "inventory/finding.h"
#include "report/report.h"
#include "scan/scan.h"

namespace boltseal {

// What -o takes at commands that answer one question.
constexpr std::array<std::string_view, 2> answer_formats = {"table", "json"};

struct CommonOptions {
  std::vector<std::string> outputs;  // FORMAT[=FILE]
  std::vector<std::string> exclude;  // path patterns
  std::string platform;
  std::string containerd_root;
  std::string cache_directory;
  std::string cache_limit = "2G";
  unsigned threads = 0;
  bool no_cache = false;
  bool no_sandbox = false;
  bool insecure_http = false;
  bool offline = false;
  bool quiet = false;
  bool verbose = false;
};

struct MatchingOptions {
  std::string database;
  std::vector<std::string> ignore_files;
  std::vector<std::string> vex_files;
  std::string licence_policy;
  unsigned max_database_age = 0;               // days; 0: any
  std::vector<std::string> severities, types;  // to show; empty: all
  bool only_fixed = false;
  bool no_development = false;
};

// Each option also as BOLTSEAL_<NAME>. `formats`: what -o takes, for --help.
void add_common_options(Command& command, CommonOptions& options, std::string_view formats);
void add_matching_options(Command& command, MatchingOptions& options);

// What the options say of how an image is opened and read; sets verbosity and forbids the network
// where they ask for it.
ScanOptions scan_options(const std::string& reference, const CommonOptions& common);

// Runs a scan with progress on standard error. `matching` null: inventory only.
// `explain`: with the proofs of findings and of dropped candidates, which cost half of the
// matching. `content`, when not null, gets the content manifest, made in the same pass.
Result<Report> run_scan(const std::string& reference, const CommonOptions& common,
                        const MatchingOptions* matching, bool explain,
                        ContentManifest* content = nullptr);

// The names of the report formats, for --help and for read_outputs.
std::vector<std::string_view> report_names(bool findings);
// What -o asks for; `findings` false: only the formats of an inventory.
Result<std::vector<Output>> report_outputs(const CommonOptions& common, bool findings);
// Whether one of the formats asked for shows proofs.
bool shows_proofs(const std::vector<Output>& outputs);
// Writes the report in every format asked for.
Result<> write_outputs(const Report& report, const std::vector<Output>& outputs,
                       const CommonOptions& common, bool findings);

// The day that counts for expiry dates: SOURCE_DATE_EPOCH's, else today (UTC).
std::string today();
// Prints the error for a person and gives Exit::could_not.
int complain(const Error& error);
// The same for what was wrong in the call itself where it is that (Fault::unsupported):
// Exit::usage.
int complain_of_call(const Error& error);

// A scan's database: the file named, else the updated one, else the starter that came with the
// program.
Result<Database> open_database(const std::string& path);
std::string default_database_directory();

std::optional<std::uint64_t> parse_size(
    std::string_view text);  // "500M", "2G", bytes without a letter

}  // namespace boltseal
