#include "cli/password.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "base/fd.h"
#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t longest = 4096;
constexpr const char* how =
    "no password and no terminal to ask on; set COSIGN_PASSWORD (it may be empty), or give "
    "--password-file FILE or --password-stdin";
constexpr const char* how_pin =
    "no PIN and no terminal to ask on; set COSIGN_PKCS11_PIN, or name a file: "
    "pkcs11:…?pin-source=FILE";

volatile std::sig_atomic_t caught = 0;
void note_signal(int number) { caught = number; }

// A terminal that shows nothing of what is typed, until the end of the scope. A signal meanwhile
// must not leave it so: it is noted, and raised again when all is as it was.
class Unseen {
 public:
  explicit Unseen(int fd) : fd_(fd), good_(::tcgetattr(fd, &before_) == 0) {
    if (!good_) return;
    caught = 0;
    struct sigaction action{};
    action.sa_handler = note_signal;  // without SA_RESTART: read() gives up
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &action, &actions_[i]);
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    now.c_lflag |= ECHONL;
    good_ = ::tcsetattr(fd, TCSAFLUSH, &now) == 0;
  }
  ~Unseen() {
    if (good_) (void)::tcsetattr(fd_, TCSAFLUSH, &before_);
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &actions_[i], nullptr);
    if (caught != 0) (void)std::raise(caught);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  bool good() const { return good_; }

 private:
  static constexpr std::array signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  int fd_;
  termios before_{};
  bool good_;
  std::array<struct sigaction, signals.size()> actions_{};
};

// A line without its end. It is typed, so no longer than a terminal's line.
Result<Secret> read_line(int fd) {
  Secret line(longest);
  std::size_t size = 0;
  while (size < line.size()) {
    const ssize_t got = ::read(fd, line.data() + size, 1);
    if (got < 0 && errno == EINTR && caught == 0) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read the password", "/dev/tty"));
    if (got == 0 && size == 0) return fail(Fault::not_found, "no password was typed", "/dev/tty");
    if (got == 0 || line.data()[size] == '\n') {
      line.shorten(size);
      return line;
    }
    ++size;
  }
  return fail(Fault::too_large, "a password of more than 4,096 bytes", "/dev/tty");
}

// One line end off: editors and `echo` put it there.
Secret without_line_end(Secret secret) {
  auto text = secret.view();
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  secret.shorten(text.size());
  return secret;
}

// What was given beforehand; no value when somebody has to be asked.
Result<std::optional<Secret>> given(const PasswordOptions& options, bool from_environment) {
  if (!options.file.empty() && options.from_stdin)
    return fail(Fault::unsupported, "give --password-file or --password-stdin, not both");
  if (!options.file.empty()) {
    TRY(auto secret, read_secret_file(options.file, longest));
    return without_line_end(std::move(secret));
  }
  if (options.from_stdin) {
    TRY(auto secret, read_secret(STDIN_FILENO, longest, "standard input"));
    return without_line_end(std::move(secret));
  }
  if (!from_environment) return std::nullopt;
  for (const char* name : {"COSIGN_PASSWORD", "BOLTSEAL_PASSWORD"}) {
    if (const char* value = std::getenv(name)) return Secret(std::string_view(value));
  }
  return std::nullopt;
}

}  // namespace

void add_password_options(Command& command, PasswordOptions& options) {
  command
      .add_option(
          "--password-file", options.file,
          "Read the key's password from this file (default: COSIGN_PASSWORD, else a prompt)")
      ->type_name("FILE")
      ->envname("BOLTSEAL_PASSWORD_FILE");
  command.add_flag("--password-stdin", options.from_stdin,
                   "Read the key's password from standard input");
}

Result<Secret> ask_terminal(const std::string& prompt, const std::string& hint) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) return fail(Fault::not_found, hint);
  TRY_DO(write_all(terminal.get(), printable(prompt) + ": ", "/dev/tty"));
  const Unseen unseen(terminal.get());
  if (!unseen.good()) return fail(Fault::not_found, hint);
  return read_line(terminal.get());
}

Result<Secret> ask_new_password(const std::string& what, const std::string& hint) {
  TRY(auto first, ask_terminal("New password for " + what + " (may be empty)", hint));
  TRY(const auto again, ask_terminal("The same once more", hint));
  if (first.view() != again.view())
    return fail(Fault::unsupported, "the two passwords differ; nothing was written");
  return first;
}

PasswordSource password_source(const PasswordOptions& options) {
  return [options](const std::string& what) -> Result<Secret> {
    const bool pin = what.starts_with(pin_of_token);
    TRY(auto secret, given(options, !pin));
    if (secret) return std::move(*secret);
    return pin ? ask_terminal("Give " + what, how_pin) : ask_terminal("Password for " + what, how);
  };
}

PasswordSource new_password_source(const PasswordOptions& options) {
  return [options](const std::string& what) -> Result<Secret> {
    TRY(auto secret, given(options, true));
    if (secret) return std::move(*secret);
    return ask_new_password(what, how);
  };
}

}  // namespace boltseal
