// seccomp(2) by libseccomp, Landlock by its system calls
// (Documentation/userspace-api/landlock.rst): no libc has wrappers.
#include "layers/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace boltseal {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // the sanitizers' own runtime needs calls that the filter refuses
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

bool restrict_files(int folder) {
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs =
      LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
      LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
      LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
      LANDLOCK_ACCESS_FS_MAKE_SYM;
  const Fd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) return false;
  if (folder >= 0) {
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    beneath.parent_fd = folder;
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) !=
        0)
      return false;
  }
  return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

// Everything that inflating, parsing, threads and talking over open descriptors take; the rest
// kills the process.
constexpr std::array always = {SCMP_SYS(read),
                               SCMP_SYS(pread64),
                               SCMP_SYS(readv),
                               SCMP_SYS(write),
                               SCMP_SYS(writev),
                               SCMP_SYS(lseek),
                               SCMP_SYS(close),
                               SCMP_SYS(sendmsg),
                               SCMP_SYS(recvmsg),
                               SCMP_SYS(mmap),
                               SCMP_SYS(munmap),
                               SCMP_SYS(mprotect),
                               SCMP_SYS(madvise),
                               SCMP_SYS(mremap),
                               SCMP_SYS(brk),
                               SCMP_SYS(futex),
                               SCMP_SYS(set_robust_list),
                               SCMP_SYS(rseq),
                               SCMP_SYS(rt_sigaction),
                               SCMP_SYS(rt_sigprocmask),
                               SCMP_SYS(rt_sigreturn),
                               SCMP_SYS(exit),
                               SCMP_SYS(exit_group),
                               SCMP_SYS(sched_yield),
                               SCMP_SYS(sched_getaffinity),
                               SCMP_SYS(gettid),
                               SCMP_SYS(getpid),
                               SCMP_SYS(clock_gettime),
                               SCMP_SYS(getrandom),
                               SCMP_SYS(poll),
                               SCMP_SYS(restart_syscall)};
constexpr std::array for_folders = {
    SCMP_SYS(openat), SCMP_SYS(getdents64), SCMP_SYS(readlinkat), SCMP_SYS(newfstatat),
    SCMP_SYS(fstat),  SCMP_SYS(fstatfs),    SCMP_SYS(fcntl),      SCMP_SYS(statx)};

bool restrict_calls(bool folder) {
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (!filter) return false;
  bool done = true;
  for (const int call : always)
    done = done && ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
  for (const int call : for_folders) {
    const bool allowed = folder || call == SCMP_SYS(fstat) || call == SCMP_SYS(newfstatat);
    done = done && ::seccomp_rule_add(filter, allowed ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES),
                                      call, 0) == 0;
  }
  // Threads yes, processes no. clone3's flags cannot be seen from a filter, so libc is sent back to
  // clone.
  done = done && ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
         ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
         // abort() sends its signal so; nobody else is to get one.
         ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()), 0)) == 0 &&
         ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return done;
}

}  // namespace

SandboxState enter_sandbox(int folder, std::uint64_t memory_limit) {
  SandboxState state;
  if (sanitized) {
    state.missing = "a sanitizer build runs without sandbox";
    return state;
  }
  if (memory_limit > 0) {
    const rlimit limit{memory_limit, memory_limit};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // a core would hold the image's content, secrets too
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    state.missing = "the kernel refuses no_new_privs";
    return state;
  }
  state.landlock = restrict_files(folder);
  state.seccomp = restrict_calls(folder >= 0);
  if (!state.landlock) state.missing = "the kernel has no Landlock";
  if (!state.seccomp)
    state.missing +=
        state.missing.empty() ? "the kernel has no seccomp filter" : " and no seccomp filter";
  return state;
}

}  // namespace boltseal
