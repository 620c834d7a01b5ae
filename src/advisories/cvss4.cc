// CVSS 4.0 (https://www.first.org/cvss/v4.0/specification-document, sections 7 and 8): a vector
// belongs to a macrovector of six equivalence classes, whose score experts agreed on; between the
// macrovectors the score is interpolated by how far the vector lies below the worst of its class.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "advisories/cvss_metrics.h"

namespace boltseal {
namespace {

// Scores × 10 of the macrovectors: a row per class of EQ1, EQ2, EQ3 and EQ6, in it EQ4 × 3 + EQ5.
constexpr std::array<std::array<std::uint8_t, 9>, 30> scores = {{
    {100, 98, 95, 100, 93, 91, 93, 89, 81},  // 000--0
    {99, 95, 92, 96, 87, 81, 90, 80, 68},    // 000--1
    {98, 95, 90, 93, 89, 81, 88, 78, 69},    // 001--0
    {95, 92, 84, 92, 81, 65, 80, 70, 48},    // 001--1
    {92, 82, 72, 79, 69, 50, 69, 55, 27},    // 002--1
    {99, 95, 92, 95, 90, 84, 92, 82, 72},    // 010--0
    {97, 92, 85, 91, 83, 71, 81, 71, 53},    // 010--1
    {95, 92, 85, 92, 80, 70, 84, 71, 50},    // 011--0
    {93, 85, 73, 82, 72, 59, 70, 52, 30},    // 011--1
    {86, 75, 52, 71, 52, 29, 63, 29, 17},    // 012--1
    {98, 94, 91, 94, 86, 77, 87, 74, 63},    // 100--0
    {95, 87, 81, 89, 74, 64, 75, 63, 49},    // 100--1
    {94, 88, 76, 86, 74, 59, 72, 57, 52},    // 101--0
    {89, 77, 67, 76, 58, 50, 57, 52, 25},    // 101--1
    {83, 70, 54, 65, 58, 26, 53, 21, 13},    // 102--1
    {95, 88, 76, 90, 75, 61, 77, 68, 52},    // 110--0
    {90, 76, 70, 77, 62, 53, 66, 59, 30},    // 110--1
    {89, 76, 62, 74, 57, 47, 61, 57, 24},    // 111--0
    {78, 67, 58, 59, 57, 23, 52, 29, 16},    // 111--1
    {71, 59, 30, 58, 26, 15, 23, 13, 6},     // 112--1
    {93, 86, 75, 86, 74, 56, 70, 52, 40},    // 200--0
    {87, 72, 58, 74, 61, 34, 54, 40, 22},    // 200--1
    {85, 74, 62, 72, 55, 46, 53, 34, 19},    // 201--0
    {75, 55, 51, 57, 41, 19, 36, 19, 8},     // 201--1
    {64, 51, 20, 47, 21, 11, 24, 9, 4},      // 202--1
    {88, 73, 60, 73, 59, 41, 54, 45, 20},    // 210--0
    {75, 53, 50, 55, 40, 20, 43, 22, 11},    // 210--1
    {75, 58, 40, 61, 48, 20, 46, 17, 8},     // 211--0
    {55, 45, 21, 51, 18, 9, 18, 7, 2},       // 211--1
    {53, 24, 14, 24, 12, 5, 10, 3, 1},       // 212--1
}};

constexpr int no_class = -1;

// EQ3 and EQ6 count together; 2 and 0 do not come together.
constexpr int row_of_eq36(int eq3, int eq6) {
  if (eq3 == 2) return eq6 == 1 ? 4 : no_class;
  return eq3 <= 1 && eq6 <= 1 ? eq3 * 2 + eq6 : no_class;
}

struct Macrovector {
  int eq1 = 0, eq2 = 0, eq3 = 0, eq4 = 0, eq5 = 0, eq6 = 0;
  // In tenths; nothing when there is no such macrovector.
  std::optional<double> score() const {
    const int eq36 = row_of_eq36(eq3, eq6);
    if (eq1 > 2 || eq2 > 1 || eq36 == no_class || eq4 > 2 || eq5 > 2) return std::nullopt;
    return scores.at(static_cast<std::size_t>((eq1 * 2 + eq2) * 5 + eq36))
        .at(static_cast<std::size_t>(eq4 * 3 + eq5));
  }
};

// How many steps a value lies below the worst of its metric.
int steps(std::string_view metric, char value) {
  constexpr std::pair<std::string_view, std::string_view> orders[] = {
      {"AV", "NALP"}, {"PR", "NLH"}, {"UI", "NPA"}, {"AC", "LH"},   {"AT", "NP"},
      {"VC", "HLN"},  {"VI", "HLN"}, {"VA", "HLN"}, {"SC", "SHLN"}, {"SI", "SHLN"},
      {"SA", "SHLN"}, {"CR", "HML"}, {"IR", "HML"}, {"AR", "HML"}};
  for (const auto& [name, order] : orders) {
    if (name == metric) return static_cast<int>(order.find(value));
  }
  return 0;
}

// The value that counts: the modified one where it is given, the worst where nothing is known.
char value_of(const CvssMetrics& metrics, std::string_view metric) {
  const char modified = metrics.get("M" + std::string(metric));
  if (modified != 0 && modified != 'X') return modified;
  const char value = metrics.get(metric);
  if (value != 0 && value != 'X') return value;
  return metric == "E" ? 'A' : 'H';  // E, CR, IR, AR
}

Macrovector macrovector_of(const CvssMetrics& metrics) {
  const auto is = [&](std::string_view metric, char value) {
    return value_of(metrics, metric) == value;
  };
  Macrovector out;
  const bool av = is("AV", 'N'), pr = is("PR", 'N'), ui = is("UI", 'N');
  out.eq1 = av && pr && ui ? 0 : (av || pr || ui) && !is("AV", 'P') ? 1 : 2;
  out.eq2 = is("AC", 'L') && is("AT", 'N') ? 0 : 1;
  const bool vc = is("VC", 'H'), vi = is("VI", 'H'), va = is("VA", 'H');
  out.eq3 = vc && vi ? 0 : vc || vi || va ? 1 : 2;
  out.eq4 = is("SI", 'S') || is("SA", 'S')                    ? 0
            : is("SC", 'H') || is("SI", 'H') || is("SA", 'H') ? 1
                                                              : 2;
  out.eq5 = is("E", 'A') ? 0 : is("E", 'P') ? 1 : 2;
  out.eq6 = (is("CR", 'H') && vc) || (is("IR", 'H') && vi) || (is("AR", 'H') && va) ? 0 : 1;
  return out;
}

// The worst vectors of a class, each one the values of `names` in order.
struct Worst {
  std::array<std::string_view, 6> names;
  std::array<std::string_view, 5> vectors;
};

// Steps from the first of the worst vectors that is nowhere better than ours.
int distance(const CvssMetrics& metrics, const Worst& worst) {
  for (const auto vector : worst.vectors) {
    int total = 0;
    bool fits = !vector.empty();
    for (std::size_t i = 0; i < vector.size(); ++i) {
      const auto name = worst.names.at(i);
      const int below = steps(name, value_of(metrics, name)) - steps(name, vector[i]);
      fits = fits && below >= 0;
      total += below;
    }
    if (fits) return total;
  }
  return 0;
}

Worst worst_of_eq1(int eq1) {
  constexpr std::array<std::array<std::string_view, 5>, 3> vectors = {
      {{"NNN"}, {"ANN", "NLN", "NNP"}, {"PNN", "ALP"}}};
  return {{"AV", "PR", "UI"}, vectors.at(static_cast<std::size_t>(eq1))};
}

Worst worst_of_eq2(int eq2) {
  constexpr std::array<std::array<std::string_view, 5>, 2> vectors = {{{"LN"}, {"HN", "LP"}}};
  return {{"AC", "AT"}, vectors.at(static_cast<std::size_t>(eq2))};
}

Worst worst_of_eq36(int row) {
  constexpr std::array<std::array<std::string_view, 5>, 5> vectors = {
      {{"HHHHHH"},
       {"HHLMMH", "HHHMMM"},
       {"LHHHHH", "HLHHHH"},
       {"LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"},
       {"LLLHHH"}}};
  return {{"VC", "VI", "VA", "CR", "IR", "AR"}, vectors.at(static_cast<std::size_t>(row))};
}

Worst worst_of_eq4(int eq4) {
  constexpr std::array<std::array<std::string_view, 5>, 3> vectors = {{{"HSS"}, {"HHH"}, {"LLL"}}};
  return {{"SC", "SI", "SA"}, vectors.at(static_cast<std::size_t>(eq4))};
}

// The score of the next lower macrovector in EQ3 and EQ6 together.
std::optional<double> below_eq36(const Macrovector& m) {
  Macrovector by3 = m, by6 = m;
  ++by3.eq3;
  ++by6.eq6;
  if (m.eq6 == 1) return by3.score();
  if (m.eq3 == 1) return by6.score();
  return std::max(by3.score(), by6.score());
}

}  // namespace

double cvss4_score(const CvssMetrics& metrics) {
  constexpr std::string_view impacts[] = {"VC", "VI", "VA", "SC", "SI", "SA"};
  if (std::ranges::all_of(impacts, [&](auto m) { return value_of(metrics, m) == 'N'; })) return 0;
  const Macrovector m = macrovector_of(metrics);
  const int eq36 = row_of_eq36(m.eq3, m.eq6);
  const double score = m.score().value_or(0);
  constexpr std::array<int, 3> depth1 = {1, 4, 5}, depth4 = {6, 5, 4};
  constexpr std::array<int, 2> depth2 = {1, 2};
  constexpr std::array<int, 5> depth36 = {7, 6, 8, 8, 10};
  int counted = 0;
  double sum = 0;
  const auto count = [&](std::optional<double> lower, int distance, int depth) {
    if (!lower) return;
    ++counted;
    sum += (score - *lower) * distance / depth;
  };
  const auto lower = [&](int Macrovector::* eq) {
    Macrovector next = m;
    ++(next.*eq);
    return next.score();
  };
  const auto at = [](const auto& list, int i) { return list.at(static_cast<std::size_t>(i)); };
  count(lower(&Macrovector::eq1), distance(metrics, worst_of_eq1(m.eq1)), at(depth1, m.eq1));
  count(lower(&Macrovector::eq2), distance(metrics, worst_of_eq2(m.eq2)), at(depth2, m.eq2));
  count(below_eq36(m), distance(metrics, worst_of_eq36(eq36)), at(depth36, eq36));
  count(lower(&Macrovector::eq4), distance(metrics, worst_of_eq4(m.eq4)), at(depth4, m.eq4));
  count(lower(&Macrovector::eq5), 0, 1);
  const double exact = counted == 0 ? score : score - sum / counted;
  // A half that binary fractions left a hair below itself still rounds up.
  return std::floor(std::clamp(exact, 0.0, 100.0) + 0.5 + 1e-6) / 10;
}

}  // namespace boltseal
