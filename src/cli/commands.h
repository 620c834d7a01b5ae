// One function per command, each in its own file: it adds the command to the program and what runs
// when it is chosen.
#pragma once
#include "cli/command_line.h"

namespace boltseal {

// Exit codes, the same for every command.
enum Exit : int { clean = 0, findings = 1, could_not = 2, usage = 3 };

void add_scan(Command& program, int& exit);
void add_sbom(Command& program, int& exit);
void add_why(Command& program, int& exit);
void add_diff(Command& program, int& exit);
void add_sign(Command& program, int& exit);
void add_verify(Command& program, int& exit);
void add_attest(Command& program, int& exit);
void add_verify_attestation(Command& program, int& exit);
void add_sign_blob(Command& program, int& exit);
void add_verify_blob(Command& program, int& exit);
void add_bundle(Command& program, int& exit);
void add_attach(Command& program, int& exit);
void add_tree(Command& program, int& exit);
void add_download(Command& program, int& exit);
void add_copy(Command& program, int& exit);
void add_clean(Command& program, int& exit);
void add_key(Command& program, int& exit);
void add_custody(Command& program, int& exit);
void add_seal(Command& program, int& exit);
void add_amend(Command& seal, int& exit);  // `seal amend`
void add_drift(Command& program, int& exit);
void add_channel(Command& program, int& exit);
void add_log(Command& program, int& exit);
void add_tuf(Command& program, int& exit);
void add_db(Command& program, int& exit);
void add_cache(Command& program, int& exit);
void add_version(Command& program, int& exit);
void add_docs(Command& program,
              int& exit);  // completion and man pages, made from the same source as --help

}  // namespace boltseal
