// `seal` makes the content manifest of an image; its subcommands show it, prove what single files
// are, and check such proofs without the image.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/sealed.h"
#include "cli/signing.h"
#include "crypto/digest.h"
#include "custody/attested.h"

namespace boltseal {
namespace {

constexpr std::array<std::string_view, 3> seal_formats = {"table", "json", "attestation"};

std::string layer_table(const ContentManifest& manifest) {
  struct Sum {
    std::uint64_t files = 0, bytes = 0;
  };
  std::vector<Sum> sums(manifest.image.layers.size());
  for (const ContentRecord& record : manifest.records) {
    if (!record.layer || *record.layer >= sums.size()) continue;
    ++sums[*record.layer].files;
    sums[*record.layer].bytes += record.size;
  }
  std::string out;
  for (std::size_t i = 0; i < sums.size(); ++i)
    out += fmt::format("{:>5}  {:>8}  {:>13}  {}\n", i, sums[i].files, sums[i].bytes,
                       manifest.image.layers[i].diff_id);
  return out.empty() ? out : "layer     files          bytes  diff_id\n" + out;
}

std::string summary(const ContentManifest& manifest, const ContentTree& tree) {
  std::map<FileType, std::size_t> counts;
  std::size_t set_id = 0, with_xattrs = 0;
  std::uint64_t bytes = 0;
  for (const ContentRecord& record : manifest.records) {
    ++counts[record.type];
    bytes += record.size;
    set_id += record.type == FileType::file && (record.mode & 06000);
    with_xattrs += !record.xattrs.empty();
  }
  std::string out = fmt::format("root     sha256:{}\n", hex(tree.root()));
  if (!manifest.image.manifest_digest.empty())
    out += fmt::format("image    {}\n", manifest.image.manifest_digest);
  out += fmt::format("records  {} ({} bytes of content)\n", tree.size(), bytes);
  for (const auto& [type, count] : counts)
    out += fmt::format("         {} {}\n", count, name_of(type));
  if (set_id) out += fmt::format("         {} files with a set-id bit\n", set_id);
  if (with_xattrs) out += fmt::format("         {} with extended attributes\n", with_xattrs);
  out += layer_table(manifest);
  for (const Unknown& unknown : manifest.unknowns)
    out += fmt::format("note: {}: {} (layer {})\n", printable(unknown.path),
                       printable(unknown.what), unknown.layer);
  return out;
}

struct SealCommand {
  std::string reference;
  CommonOptions common;
  SigningOptions signing;

  // What one output asks for.
  Result<std::string> written(const std::string& format, const ReadManifest& sealed) const {
    if (format == "table") return summary(sealed.manifest, sealed.tree);
    std::string manifest = write_manifest(sealed.manifest, sealed.tree);
    if (format == "json") return manifest;
    keep_manifest(manifest, common);
    return signed_statement(content_subjects(sealed), content_seal_type,
                            content_seal_predicate(sealed, manifest), signing);
  }

  int run() const {
    if (reference.empty()) {
      std::fputs("boltseal: seal what? Give an image: boltseal seal REF\n", stderr);
      return Exit::usage;
    }
    const auto outputs = read_outputs(common.outputs, "table", seal_formats);
    if (!outputs) return complain_of_call(outputs.error());
    const bool attests =
        std::ranges::find(*outputs, "attestation", &Output::format) != outputs->end();
    if (attests != !signing.keys.empty()) {
      std::fputs("boltseal: --key and -o attestation=FILE go together\n", stderr);
      return Exit::usage;
    }
    const auto sealed = seal_of(reference, common);
    if (!sealed) return complain(sealed.error());
    for (const Output& output : *outputs) {
      const auto text = written(output.format, *sealed);
      if (!text) return complain(text.error());
      if (const auto done = write_output(output, *text); !done) return complain(done.error());
    }
    return Exit::clean;
  }
};

// One line per file, as `ls -l` would have it.
std::string line_of(const ContentRecord& r) {
  std::string out = fmt::format("{:<9} {:04o} {:>5} {:>5} {:>11} {}", name_of(r.type).substr(0, 9),
                                r.mode, r.uid, r.gid, r.size, printable(r.path));
  if (r.type == FileType::symlink) out += fmt::format(" -> {}", printable(r.link));
  for (const auto& [name, value] : r.xattrs) out += fmt::format(" [{}]", printable(name));
  return out + '\n';
}

struct ShowCommand {
  std::string source;
  std::vector<std::string> paths;
  CommonOptions common;

  int run() const {
    const auto sealed = sealed_content(source, common);
    if (!sealed) return complain(sealed.error());
    std::string out;
    if (paths.empty()) out = summary(sealed->manifest, sealed->tree);
    for (const auto& path : paths) {
      const std::string wanted = image_path(path);
      const auto& records = sealed->manifest.records;
      const ContentRecord* own = record_of(records, wanted);
      const auto [from, to] = records_below(records, wanted);
      if (!own && from == to && !wanted.empty())
        return complain({Fault::not_found, "the seal has no such file", path, {}});
      if (own) out += line_of(*own);
      const auto begin = wanted.empty() ? 0 : from, end = wanted.empty() ? records.size() : to;
      for (std::size_t i = begin; i < end; ++i) out += line_of(records[i]);
    }
    const auto written = write_output({}, out);
    return written ? Exit::clean : complain(written.error());
  }
};

struct ProveCommand {
  std::string source, path;
  CommonOptions common;

  int run() const {
    const auto outputs =
        read_outputs(common.outputs, "json", std::array<std::string_view, 1>{"json"});
    if (!outputs) return complain_of_call(outputs.error());
    const auto sealed = sealed_content(source, common);
    if (!sealed) return complain(sealed.error());
    const std::string wanted = image_path(path);
    const auto& records = sealed->manifest.records;
    const ContentRecord* record = record_of(records, wanted);
    const std::string text =
        record
            ? write_proof(prove(*sealed, static_cast<std::size_t>(record - records.data())),
                          sealed->tree.root())
            : write_proof(prove_absence(*sealed, wanted), sealed->tree.size(), sealed->tree.root());
    for (const Output& output : *outputs)
      if (const auto written = write_output(output, text); !written)
        return complain(written.error());
    if (record) return Exit::clean;
    std::fputs("boltseal: the seal has no such file; the proof shows its absence\n", stderr);
    return Exit::findings;
  }
};

struct CheckCommand {
  std::string proof, root, file;

  int run() const {
    const auto wanted =
        root.starts_with("sha256:") && is_digest(root) ? unhex(root.substr(7)) : std::nullopt;
    if (!wanted) {
      std::fputs("boltseal: --root wants sha256: and 64 lower-case hex digits\n", stderr);
      return Exit::usage;
    }
    const auto text = read_file(proof, max_proof_file);
    if (!text) return complain(text.error());
    const auto shown = check_proof(*text, *wanted);
    if (!shown) {
      complain({shown.error().fault, "refused: " + shown.error().what, proof, {}});
      return Exit::findings;
    }
    if (!shown->record) {
      if (!file.empty())
        return complain({Fault::not_found, "the proof shows that there is no such file", file, {}});
      std::fputs(fmt::format("proved: no file {}\n", printable(shown->path)).c_str(), stdout);
      return Exit::clean;
    }
    if (!file.empty()) {
      const auto found = hash_of_file(file);
      if (!found) return complain(found.error());
      if (*found != shown->record->sha256) {
        complain(
            {Fault::corrupt,
             fmt::format("refused: the file has sha256:{}, the seal has {}", hex(*found),
                         shown->record->sha256.empty() ? std::string("no content for it")
                                                       : "sha256:" + hex(shown->record->sha256)),
             file,
             {}});
        return Exit::findings;
      }
    }
    std::string out = "proved: " + line_of(*shown->record);
    if (!shown->diff_id.empty()) out += fmt::format("layer:  {}\n", shown->diff_id);
    if (!shown->record->sha256.empty())
      out += fmt::format("sha256: {}\n", hex(shown->record->sha256));
    std::fputs(out.c_str(), stdout);
    return Exit::clean;
  }
};

void add_show(Command& seal, int& exit) {
  auto* command = seal.add_subcommand("show", "Print what a seal holds");
  const auto state = std::make_shared<ShowCommand>();
  command->add_option("SEAL", state->source, "Manifest file, or image to seal")->required();
  command->add_option("PATH", state->paths, "List this file, or all below this folder");
  add_common_options(*command, state->common, "table");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

void add_prove(Command& seal, int& exit) {
  auto* command =
      seal.add_subcommand("prove", "Write the proof of what one file is, for those without image");
  const auto state = std::make_shared<ProveCommand>();
  command->add_option("SEAL", state->source, "Manifest file, or image to seal")->required();
  command->add_option("PATH", state->path, "File of the image")->required();
  add_common_options(*command, state->common, "json");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

void add_check(Command& seal, int& exit) {
  auto* command = seal.add_subcommand("check", "Check a proof against a root; needs no image");
  const auto state = std::make_shared<CheckCommand>();
  command->add_option("PROOF", state->proof, "What `seal prove` wrote")->required();
  command->add_option("--root", state->root, "Root of the seal, as its signer stated it")
      ->required()
      ->type_name("sha256:HEX");
  command->add_option("--file", state->file, "Its content must be what the proof says")
      ->type_name("FILE");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace

void add_seal(Command& program, int& exit) {
  auto* command = program.add_subcommand(
      "seal", "What every file of an image is, under one root that can be signed");
  const auto state = std::make_shared<SealCommand>();
  command->add_option("REF", state->reference, "Image, archive or folder");
  add_signing_options(*command, state->signing, "--key");
  add_common_options(*command, state->common, "table, json, attestation (with --key)");
  add_environment(*command);
  add_amend(*command, exit);
  add_show(*command, exit);
  add_prove(*command, exit);
  add_check(*command, exit);
  command->require_subcommand(0, 1);
  command->callback([state, command, &exit] {
    if (!command->has_chosen_subcommand()) exit = state->run();
  });
}

}  // namespace boltseal
