#include "layers/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

namespace boltseal {
namespace {

// Runs `inside` in a sandboxed child; its exit code, or minus the signal that stopped it.
int sandboxed(int folder, const std::function<int()>& inside) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const SandboxState state = enter_sandbox(folder, 0);
    ::_exit(state.missing.empty() ? inside() : 99);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    const int outcome = sandboxed(-1, [] { return 0; });
    if (outcome == 99) GTEST_SKIP() << "no sandbox here: sanitizer build, or the kernel lacks it";
    ASSERT_EQ(outcome, 0);
  }
};

TEST_F(Sandbox, ComputingAndThreadsGoOn) {
  EXPECT_EQ(sandboxed(-1,
                      [] {
                        int sum = 0;
                        std::thread thread([&] { sum = 42; });
                        thread.join();
                        return sum;
                      }),
            42);
}

TEST_F(Sandbox, NoFileCanBeOpened) {
  EXPECT_EQ(sandboxed(-1, [] { return ::open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1; }), 0);
  EXPECT_EQ(sandboxed(-1, [] { return ::open("/tmp/x", O_CREAT | O_RDWR, 0600) < 0 ? 0 : 1; }), 0);
}

TEST_F(Sandbox, OnlyTheGivenFolderCanBeRead) {
  std::string name = "/tmp/boltseal-sandbox-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const int inner = ::open((name + "/file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const int folder = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(sandboxed(folder, [&] { return ::openat(folder, "file", O_RDONLY) >= 0 ? 0 : 1; }), 0);
  EXPECT_EQ(sandboxed(folder, [&] { return ::openat(folder, "file", O_RDWR) < 0 ? 0 : 1; }), 0);
  EXPECT_EQ(sandboxed(folder, [&] { return ::open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1; }), 0);
  ::close(inner);
  ::close(folder);
  std::filesystem::remove_all(name);
}

TEST_F(Sandbox, SocketsAndProgramsEndTheProcess) {
  EXPECT_EQ(sandboxed(-1, [] { return ::socket(AF_INET, SOCK_STREAM, 0); }), -SIGSYS);
  EXPECT_EQ(sandboxed(-1, [] { return ::execl("/bin/true", "true", nullptr); }), -SIGSYS);
  EXPECT_EQ(sandboxed(-1, [] { return static_cast<int>(::fork()); }), -SIGSYS);
}

}  // namespace
}  // namespace boltseal
