// One function per command, each in its own file: it adds the command to the program and what runs
// when it is chosen.
#pragma once
#include <CLI/CLI.hpp>

namespace boltseal {

// Exit codes, the same for every command.
enum Exit : int { clean = 0, findings = 1, could_not = 2, usage = 3 };

void add_scan(CLI::App& program, int& exit);
void add_sbom(CLI::App& program, int& exit);
void add_why(CLI::App& program, int& exit);
void add_diff(CLI::App& program, int& exit);
void add_sign(CLI::App& program, int& exit);
void add_verify(CLI::App& program, int& exit);
void add_attest(CLI::App& program, int& exit);
void add_verify_attestation(CLI::App& program, int& exit);
void add_sign_blob(CLI::App& program, int& exit);
void add_verify_blob(CLI::App& program, int& exit);
void add_bundle(CLI::App& program, int& exit);
void add_tree(CLI::App& program, int& exit);
void add_download(CLI::App& program, int& exit);
void add_copy(CLI::App& program, int& exit);
void add_clean(CLI::App& program, int& exit);
void add_key(CLI::App& program, int& exit);
void add_custody(CLI::App& program, int& exit);
void add_seal(CLI::App& program, int& exit);
void add_amend(CLI::App& seal, int& exit);  // `seal amend`
void add_drift(CLI::App& program, int& exit);
void add_channel(CLI::App& program, int& exit);
void add_log(CLI::App& program, int& exit);
void add_tuf(CLI::App& program, int& exit);
void add_db(CLI::App& program, int& exit);
void add_cache(CLI::App& program, int& exit);
void add_version(CLI::App& program, int& exit);
void add_docs(CLI::App& program,
              int& exit);  // completion and man pages, made from the same source as --help

}  // namespace boltseal
