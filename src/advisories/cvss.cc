// CVSS 2.0 (https://www.first.org/cvss/v2/guide), 3.0 and 3.1 (/cvss/v3-0/, /cvss/v3-1/); 4.0 is in
// cvss4.cc. Order counts in 2.0 and 4.0 and not in 3.x, as the specifications have it; 2.0 gives
// its temporal and its environmental group whole or not at all.
#include "advisories/cvss.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "advisories/cvss_metrics.h"
#include "base/text.h"

namespace boltseal {
namespace {

// One metric of a version: its values, and what each one counts (unused for 4.0).
struct Value {
  std::string_view name;
  double weight = 0;
};
struct Metric {
  std::string_view name;
  bool required = true;
  std::vector<Value> values;
};

using Table = std::vector<Metric>;

const Table& table2() {
  static const Table table = {
      {"AV", true, {{"L", 0.395}, {"A", 0.646}, {"N", 1.0}}},
      {"AC", true, {{"H", 0.35}, {"M", 0.61}, {"L", 0.71}}},
      {"Au", true, {{"M", 0.45}, {"S", 0.56}, {"N", 0.704}}},
      {"C", true, {{"N", 0}, {"P", 0.275}, {"C", 0.660}}},
      {"I", true, {{"N", 0}, {"P", 0.275}, {"C", 0.660}}},
      {"A", true, {{"N", 0}, {"P", 0.275}, {"C", 0.660}}},
      {"E", false, {{"U", 0.85}, {"POC", 0.9}, {"F", 0.95}, {"H", 1}, {"ND", 1}}},
      {"RL", false, {{"OF", 0.87}, {"TF", 0.9}, {"W", 0.95}, {"U", 1}, {"ND", 1}}},
      {"RC", false, {{"UC", 0.9}, {"UR", 0.95}, {"C", 1}, {"ND", 1}}},
      {"CDP", false, {{"N", 0}, {"L", 0.1}, {"LM", 0.3}, {"MH", 0.4}, {"H", 0.5}, {"ND", 0}}},
      {"TD", false, {{"N", 0}, {"L", 0.25}, {"M", 0.75}, {"H", 1}, {"ND", 1}}},
      {"CR", false, {{"L", 0.5}, {"M", 1}, {"H", 1.51}, {"ND", 1}}},
      {"IR", false, {{"L", 0.5}, {"M", 1}, {"H", 1.51}, {"ND", 1}}},
      {"AR", false, {{"L", 0.5}, {"M", 1}, {"H", 1.51}, {"ND", 1}}}};
  return table;
}

// The weights of PR are those without a change of scope.
const Table& table3() {
  static const Table table = [] {
    const std::vector<Value> impact = {{"H", 0.56}, {"L", 0.22}, {"N", 0}};
    const std::vector<Value> requirement = {{"X", 1}, {"H", 1.5}, {"M", 1}, {"L", 0.5}};
    Table out = {{"AV", true, {{"N", 0.85}, {"A", 0.62}, {"L", 0.55}, {"P", 0.2}}},
                 {"AC", true, {{"L", 0.77}, {"H", 0.44}}},
                 {"PR", true, {{"N", 0.85}, {"L", 0.62}, {"H", 0.27}}},
                 {"UI", true, {{"N", 0.85}, {"R", 0.62}}},
                 {"S", true, {{"U"}, {"C"}}},
                 {"C", true, impact},
                 {"I", true, impact},
                 {"A", true, impact},
                 {"E", false, {{"X", 1}, {"H", 1}, {"F", 0.97}, {"P", 0.94}, {"U", 0.91}}},
                 {"RL", false, {{"X", 1}, {"U", 1}, {"W", 0.97}, {"T", 0.96}, {"O", 0.95}}},
                 {"RC", false, {{"X", 1}, {"C", 1}, {"R", 0.96}, {"U", 0.92}}},
                 {"CR", false, requirement},
                 {"IR", false, requirement},
                 {"AR", false, requirement}};
    constexpr std::string_view modified[] = {"MAV", "MAC", "MPR", "MUI", "MS", "MC", "MI", "MA"};
    for (std::size_t i = 0; i < std::size(modified); ++i) {
      auto values = out[i].values;
      values.push_back({"X"});
      out.push_back({modified[i], false, std::move(values)});
    }
    return out;
  }();
  return table;
}

const Table& table4() {
  static const Table table = [] {
    const std::vector<Value> impact = {{"H"}, {"L"}, {"N"}};
    const std::vector<Value> requirement = {{"X"}, {"H"}, {"M"}, {"L"}};
    Table out = {{"AV", true, {{"N"}, {"A"}, {"L"}, {"P"}}},
                 {"AC", true, {{"L"}, {"H"}}},
                 {"AT", true, {{"N"}, {"P"}}},
                 {"PR", true, {{"N"}, {"L"}, {"H"}}},
                 {"UI", true, {{"N"}, {"P"}, {"A"}}},
                 {"VC", true, impact},
                 {"VI", true, impact},
                 {"VA", true, impact},
                 {"SC", true, impact},
                 {"SI", true, impact},
                 {"SA", true, impact},
                 {"E", false, {{"X"}, {"A"}, {"P"}, {"U"}}},
                 {"CR", false, requirement},
                 {"IR", false, requirement},
                 {"AR", false, requirement}};
    constexpr std::string_view modified[] = {"MAV", "MAC", "MAT", "MPR", "MUI", "MVC",
                                             "MVI", "MVA", "MSC", "MSI", "MSA"};
    for (std::size_t i = 0; i < std::size(modified); ++i) {
      auto values = out[i].values;
      values.push_back({"X"});
      if (modified[i] == "MSI" || modified[i] == "MSA") values.push_back({"S"});
      out.push_back({modified[i], false, std::move(values)});
    }
    const Table rest = {{"S", false, {{"X"}, {"N"}, {"P"}}},
                        {"AU", false, {{"X"}, {"N"}, {"Y"}}},
                        {"R", false, {{"X"}, {"A"}, {"U"}, {"I"}}},
                        {"V", false, {{"X"}, {"D"}, {"C"}}},
                        {"RE", false, {{"X"}, {"L"}, {"M"}, {"H"}}},
                        {"U", false, {{"X"}, {"Clear"}, {"Green"}, {"Amber"}, {"Red"}}}};
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
  }();
  return table;
}

std::unexpected<Error> wrong(std::string_view what, std::string_view part) {
  return fail(Fault::corrupt, "not a CVSS vector: " + std::string(what) + " " + std::string(part));
}

Result<CvssMetrics> parse(std::string_view text, const Table& table, bool ordered) {
  CvssMetrics out;
  auto next = table.begin();
  for (const auto part : split(text, '/')) {
    const auto pair = cut(part, ":");
    if (!pair) return wrong("a part without a value:", part);
    const auto from = ordered ? next : table.begin();
    const auto metric =
        std::find_if(from, table.end(), [&](const Metric& m) { return m.name == pair->first; });
    if (metric == table.end()) return wrong("unknown, repeated or misplaced:", part);
    const bool known =
        std::ranges::find(metric->values, pair->second, &Value::name) != metric->values.end();
    if (!known || out.has(metric->name)) return wrong("unknown or repeated:", part);
    out.set(metric->name, pair->second);
    next = metric + 1;
  }
  for (const auto& metric : table) {
    if (metric.required && !out.has(metric.name)) return wrong("missing", metric.name);
  }
  return out;
}

// The weight of a metric; 1 where it is not given.
double weight(const Table& table, const CvssMetrics& metrics, std::string_view name) {
  const auto metric = std::ranges::find(table, name, &Metric::name);
  const auto value = std::ranges::find(metric->values, metrics.text(name), &Value::name);
  return value == metric->values.end() ? 1 : value->weight;
}

double round1(double x) { return std::floor(x * 10 + 0.5 + 1e-9) / 10; }

// Up to the next tenth, free of the noise of binary fractions (CVSS 3.1, appendix A).
double round_up(double x) {
  const auto n = static_cast<long>(std::lround(x * 100000));
  return n % 10000 == 0 ? static_cast<double>(n) / 100000 : static_cast<double>(n / 10000 + 1) / 10;
}

Result<double> score2(std::string_view text) {
  TRY(const auto m, parse(text, table2(), true));
  const auto w = [&](std::string_view name) { return weight(table2(), m, name); };
  const auto group = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::count_if(names, [&](auto name) { return m.has(name); });
  };
  const auto temporal = group({"E", "RL", "RC"});
  const auto environmental = group({"CDP", "TD", "CR", "IR", "AR"});
  if (temporal % 3 != 0 || environmental % 5 != 0) return wrong("a group cut short in", text);
  const double exploitability = 20 * w("AV") * w("AC") * w("Au");
  const auto base = [&](double impact) {
    const double score = (0.6 * impact + 0.4 * exploitability - 1.5) * (impact == 0 ? 0 : 1.176);
    return round1(score);
  };
  const auto now = [&](double score) { return round1(score * w("E") * w("RL") * w("RC")); };
  const auto impact = [&](double cr, double ir, double ar) {
    return 10.41 * (1 - (1 - w("C") * cr) * (1 - w("I") * ir) * (1 - w("A") * ar));
  };
  // Only the impact of the environment is held at 10; that of the base may be 10.0008, and does tip
  // the score of AV:L/AC:L/Au:N/C:C/I:C/A:C over to 7.2.
  if (environmental == 0) return std::max(0.0, now(base(impact(1, 1, 1))));
  const double adjusted = now(base(std::min(10.0, impact(w("CR"), w("IR"), w("AR")))));
  return std::max(0.0, round1((adjusted + (10 - adjusted) * w("CDP")) * w("TD")));
}

double privileges(std::string_view value, bool changed) {
  if (value == "N") return 0.85;
  return value == "L" ? (changed ? 0.68 : 0.62) : (changed ? 0.5 : 0.27);
}

Result<double> score3(std::string_view text, bool minor1) {
  TRY(const auto m, parse(text, table3(), false));
  constexpr std::string_view environment[] = {"CR",  "IR", "AR", "MAV", "MAC", "MPR",
                                              "MUI", "MS", "MC", "MI",  "MA"};
  const auto given = [&](std::string_view name) { return m.has(name) && m.text(name) != "X"; };
  const bool modified = std::ranges::any_of(environment, given);
  // The metric that counts, and its weight: the modified one where it is given.
  const auto name_of = [&](std::string_view name) {
    const std::string other = "M" + std::string(name);
    return given(other) ? other : std::string(name);
  };
  const auto w = [&](std::string_view name) { return weight(table3(), m, name_of(name)); };
  const bool changed = m.text(name_of("S")) == "C";
  const double iss = 1 - (1 - weight(table3(), m, "CR") * w("C")) *
                             (1 - weight(table3(), m, "IR") * w("I")) *
                             (1 - weight(table3(), m, "AR") * w("A"));
  const double capped = modified ? std::min(iss, 0.915) : iss;
  double impact = 6.42 * capped;
  if (changed) {
    const double bent =
        modified && minor1 ? std::pow(capped * 0.9731 - 0.02, 13) : std::pow(capped - 0.02, 15);
    impact = 7.52 * (capped - 0.029) - 3.25 * bent;
  }
  if (impact <= 0) return 0.0;
  const double exploitability =
      8.22 * w("AV") * w("AC") * privileges(m.text(name_of("PR")), changed) * w("UI");
  const double base = round_up(std::min((changed ? 1.08 : 1.0) * (impact + exploitability), 10.0));
  const auto t = [&](std::string_view name) { return weight(table3(), m, name); };
  return round_up(base * t("E") * t("RL") * t("RC"));
}

}  // namespace

Result<double> cvss_score(std::string_view vector) {
  constexpr std::size_t longest = 512;
  if (vector.size() > longest) return fail(Fault::too_large, "a CVSS vector of that length");
  if (vector.starts_with("CVSS:3.0/")) return score3(vector.substr(9), false);
  if (vector.starts_with("CVSS:3.1/")) return score3(vector.substr(9), true);
  if (vector.starts_with("CVSS:4.0/")) {
    TRY(const auto metrics, parse(vector.substr(9), table4(), true));
    return cvss4_score(metrics);
  }
  if (vector.starts_with("CVSS2#")) vector.remove_prefix(6);
  if (vector.starts_with('(') && vector.ends_with(')') && vector.size() > 1) {
    vector = vector.substr(1, vector.size() - 2);
  }
  return score2(vector);
}

Severity cvss_severity(double score, bool version2) {
  if (score <= 0) return version2 ? Severity::low : Severity::negligible;
  if (score < 4) return Severity::low;
  if (score < 7) return Severity::medium;
  return version2 || score < 9 ? Severity::high : Severity::critical;
}

}  // namespace boltseal
