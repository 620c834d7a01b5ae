#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

namespace boltseal {

ValueCheck one_of(std::vector<std::string> words) {
  std::string choice = fmt::format("{}", fmt::join(words, "|"));
  return {
      [check = CLI::IsMember(std::move(words))](const std::string& value) { return check(value); },
      std::move(choice)};
}

ValueCheck between(std::int64_t least, std::int64_t most) {
  return {[check = CLI::Range(least, most)](const std::string& value) { return check(value); }};
}

Argument* Argument::required(bool yes) { return option_->required(yes), this; }

Argument* Argument::type_name(const std::string& name) { return option_->type_name(name), this; }

Argument* Argument::envname(const std::string& name) { return option_->envname(name), this; }

Argument* Argument::check(const ValueCheck& check) {
  option_->check(
      CLI::Validator([wrong = check.wrong](std::string& value) { return wrong(value); }, ""));
  if (!check.choice.empty()) option_->type_name(check.choice);
  return this;
}

Argument* Argument::check(std::string (*wrong)(const std::string&)) {
  return check(ValueCheck{wrong});
}

Argument* Argument::needs(Argument* other) { return option_->needs(other->option_), this; }

Argument* Argument::excludes(Argument* other) { return option_->excludes(other->option_), this; }

Argument* Argument::delimiter(char between) { return option_->delimiter(between), this; }

Argument* Argument::expected(int least, int most) { return option_->expected(least, most), this; }

Argument* Argument::allow_extra_args(bool yes) { return option_->allow_extra_args(yes), this; }

Argument* Argument::capture_default_str() { return option_->capture_default_str(), this; }
bool Argument::given() const { return option_->count() > 0; }

Argument* Command::keep(CLI::Option* option) { return &arguments_.emplace_back(option); }

Command* Command::add_subcommand(const std::string& name, const std::string& what) {
  return &commands_.emplace_back(*app_->add_subcommand(name, what));
}

Argument* Command::add_option(const std::string& names, std::string& into,
                              const std::string& what) {
  return keep(app_->add_option(names, into, what));
}

Argument* Command::add_option(const std::string& names, std::vector<std::string>& into,
                              const std::string& what) {
  return keep(app_->add_option(names, into, what));
}

Argument* Command::add_option(const std::string& names, unsigned& into, const std::string& what) {
  return keep(app_->add_option(names, into, what));
}

Argument* Command::add_option(const std::string& names, std::uint64_t& into,
                              const std::string& what) {
  return keep(app_->add_option(names, into, what));
}

Argument* Command::add_option(const std::string& names, std::int64_t& into,
                              const std::string& what) {
  return keep(app_->add_option(names, into, what));
}

Argument* Command::add_flag(const std::string& names, bool& into, const std::string& what) {
  return keep(app_->add_flag(names, into, what));
}

Argument* Command::get_option(const std::string& name) { return keep(app_->get_option(name)); }

Command* Command::callback(const std::function<void()>& run) { return app_->callback(run), this; }

Command* Command::require_subcommand(int exactly) {
  return app_->require_subcommand(exactly), this;
}

Command* Command::require_subcommand(int least, int most) {
  app_->require_subcommand(static_cast<std::size_t>(least), static_cast<std::size_t>(most));
  return this;
}

Command* Command::require_option(int least, int most) {
  app_->require_option(static_cast<std::size_t>(least), static_cast<std::size_t>(most));
  return this;
}

Command* Command::fallthrough() { return app_->fallthrough(), this; }

bool Command::has_chosen_subcommand() const { return !app_->get_subcommands().empty(); }

std::string environment_name(std::string_view option) {
  std::string name = "BOLTSEAL_";
  for (const char c : option.substr(option.find_first_not_of('-'))) {
    name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return name;
}

void add_environment(Command& command) {
  for (CLI::Option* option : command.app().get_options()) {
    if (!option->get_lnames().empty() && option->get_lnames()[0] != "help")
      option->envname(environment_name(option->get_lnames()[0]));
  }
}

}  // namespace boltseal
