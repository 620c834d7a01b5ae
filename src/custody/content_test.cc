#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "custody/content_file.h"
#include "custody/drift_report.h"

namespace boltseal {
namespace {

ContentRecord file(std::string path, std::string_view content = "x") {
  ContentRecord record;
  record.path = std::move(path);
  record.mode = 0644;
  record.size = content.size();
  record.sha256 = hash(HashKind::sha256, content);
  return record;
}

ReadManifest sealed(std::size_t count) {
  ContentManifest manifest;
  manifest.image.kind = "image";
  manifest.image.layers.push_back({{}, "sha256:" + std::string(64, 'a'), {}, 0, {}});
  for (std::size_t i = 0; i < count; ++i) {
    manifest.records.push_back(file("f" + std::string(1, static_cast<char>('a' + i / 26)) +
                                    std::string(1, static_cast<char>('a' + i % 26))));
    manifest.records.back().layer = 0;
  }
  ContentTree tree(manifest);
  return {std::move(manifest), std::move(tree)};
}

TEST(ContentTree, HasTheShapeOfRfc6962) {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 5U, 7U, 8U, 100U}) {
    const auto s = sealed(count);
    std::vector<std::string> leaves;
    for (const auto& record : s.manifest.records)
      leaves.push_back(merkle_leaf(canonical_record(record, s.manifest.image.layers)));
    EXPECT_EQ(s.tree.root(), merkle_root(leaves));
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(s.tree.proof(i), inclusion_proof(leaves, i));
  }
}

TEST(ContentTree, EveryMemberOfARecordCounts) {
  const ContentRecord base = file("a");
  std::vector<ContentRecord> others(10, base);
  others[0].path = "b";
  others[1].type = FileType::fifo;
  others[2].mode = 04644;
  others[3].uid = 1;
  others[4].gid = 1;
  others[5].size = 2;
  others[6].sha256[0] ^= 1;
  others[7].link = "x";
  others[8].xattrs = {{"user.a", ""}};
  others[9].xattrs = {{"user.a", "b"}};
  std::vector<std::string> seen = {canonical_record(base, "")};
  for (const auto& other : others) {
    seen.push_back(canonical_record(other, ""));
    for (std::size_t i = 0; i + 1 < seen.size(); ++i) EXPECT_NE(seen[i], seen.back());
  }
  EXPECT_NE(canonical_record(base, "layer"), seen[0]);
}

TEST(ContentFile, WhatIsWrittenIsRead) {
  auto s = sealed(9);
  ContentRecord odd;
  odd.path = "z\xff\n";
  odd.type = FileType::symlink;
  odd.mode = 0777;
  odd.link = "\xfe";
  odd.xattrs = {{"security.capability", std::string("\0\1", 2)}, {"user.\xff", "v"}};
  s.manifest.records.push_back(odd);
  const ContentTree tree(s.manifest);
  const auto read = read_manifest(write_manifest(s.manifest, tree));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->manifest.records, s.manifest.records);
  EXPECT_EQ(read->tree.root(), tree.root());
}

TEST(ContentFile, RefusesWhatIsNotInOrder) {
  auto s = sealed(3);
  std::swap(s.manifest.records[0], s.manifest.records[1]);
  EXPECT_FALSE(read_manifest(write_manifest(s.manifest, ContentTree(s.manifest))));
  s = sealed(3);
  s.manifest.records[1].layer = 7;
  EXPECT_FALSE(read_manifest(write_manifest(s.manifest, ContentTree(s.manifest))));
  s.manifest.records[1] = s.manifest.records[0];
  EXPECT_FALSE(read_manifest(write_manifest(s.manifest, ContentTree(s.manifest))));
}

TEST(ContentProofs, HoldForTheirRootOnly) {
  for (const std::size_t count : {1U, 2U, 6U, 27U}) {
    const auto s = sealed(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string text = write_proof(prove(s, i), s.tree.root());
      const auto shown = check_proof(text, s.tree.root());
      ASSERT_TRUE(shown) << shown.error().message();
      EXPECT_EQ(shown->path, s.manifest.records[i].path);
      EXPECT_FALSE(check_proof(text, std::string(32, '\0')));
    }
  }
}

TEST(ContentProofs, AbsenceWantsNeighbours) {
  const auto s = sealed(27);
  for (const char* path : {"a", "fab", "faaa", "zz"}) {
    const auto proof = prove_absence(s, path);
    const auto shown = check_proof(write_proof(proof, s.tree.size(), s.tree.root()), s.tree.root());
    ASSERT_EQ(shown.has_value(), std::string_view(path) != "fab") << path;
  }
  auto wide = prove_absence(s, "faaa");
  wide.after = prove(s, 2);
  EXPECT_FALSE(check_proof(write_proof(wide, 27, s.tree.root()), s.tree.root()));
  wide.after.reset();
  EXPECT_FALSE(check_proof(write_proof(wide, 27, s.tree.root()), s.tree.root()));
  EXPECT_FALSE(check_proof(write_proof(wide, 1, s.tree.root()), s.tree.root()));
  const auto empty = sealed(0);
  EXPECT_TRUE(
      check_proof(write_proof(prove_absence(empty, "a"), 0, empty.tree.root()), empty.tree.root()));
  EXPECT_FALSE(
      check_proof(write_proof(prove_absence(empty, "a"), 0, s.tree.root()), s.tree.root()));
}

FoundRoot found_of(const ReadManifest& s) {
  FoundRoot found;
  for (ContentRecord record : s.manifest.records) {
    record.layer.reset();
    found.files.push_back({std::move(record), {}, false, false, true});
  }
  return found;
}

TEST(Drift, SeesEachKindOfChange) {
  const auto s = sealed(6);
  FoundRoot found = found_of(s);
  found.files[0].record.sha256[0] ^= 1;
  found.files[1].record.mode = 04755;
  found.files[2].program = true;
  found.files[2].record.mode = 0755;
  found.files[3].unstable = true;
  found.files.erase(found.files.begin() + 4);
  found.files.push_back({file("new"), {}, false, false, true});
  DriftReport report;
  compare(s, std::move(found), report);
  std::vector<std::string> lines;
  for (const auto& f : report.findings) lines.push_back(finding_line(f, s));
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "changed /faa  content", "changed /fad  changes while it is read",
                       "added /new  file 0644 0:0 1 bytes", "removed /fae",
                       "permission /fab  mode 0644 → 4755",
                       "permission /fac  mode 0644 → 0755; a program; a copy of faa"}));
}

TEST(Drift, AnOwnerOfTheHostIsNoneOfTheNamespace) {
  const auto s = sealed(2);
  FoundRoot found = found_of(s);
  found.files[0].unmapped = true;  // though its numbers are those of the seal
  found.files[1].unread = true;
  found.files[1].record.size = 5ULL << 40;
  found.files[1].record.sha256.clear();
  DriftReport report;
  compare(s, std::move(found), report);
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[0].changes, (std::vector<std::string>{"size", "content", "unread"}));
  EXPECT_EQ(finding_line(report.findings[1], s),
            "permission /faa  owner 0:0 → 0:0; that owner is not mapped into the user namespace");
}

TEST(Drift, WhatCannotBeSeenIsNotRemoved) {
  const auto s = sealed(3);
  FoundRoot found;
  found.mounts.push_back({"faa", 7, false});
  found.unreadable.push_back({"fab", 0, "drift", Fault::io, "no", {}});
  DriftReport report;
  compare(s, std::move(found), report);
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[0].path, "fac");
  EXPECT_EQ(report.findings[1].kind, DriftKind::hidden);
  EXPECT_EQ(report.findings[1].path, "faa");
  EXPECT_EQ(report.mounts[0].hides, 1U);
  EXPECT_TRUE(report.incomplete());
}

}  // namespace
}  // namespace boltseal
