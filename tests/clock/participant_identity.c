/* SPDX-License-Identifier: MIT
 *
 * The participant's process ids: who it and its relatives are, and calls that name a process. Ids
 * are printed where they must be the same every time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/participant.h"

extern char **environ;

/* A process that waits for its end. */
static pid_t start_idle(void) {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(1);
  }
  return child;
}

static void end(pid_t child) {
  need(kill(child, SIGKILL) == 0);
  need(waitpid(child, NULL, 0) == child);
}

/* The kernel's own id of this process. */
static pid_t kernels_id(void) {
  char text[16] = "";
  need(readlink("/proc/self", text, sizeof text - 1) > 0);
  return (pid_t)strtol(text, NULL, 10);
}

/* ---- who ---- */

static int part_identity_child(int a, int b) {
  (void)a, (void)b;
  say("started %d of %d", getpid(), getppid());
  need(syscall(SYS_getpid) == getpid() && syscall(SYS_gettid) == gettid());
  need(syscall(SYS_getppid) == getppid() && gettid() == getpid());
  return 0;
}

static void *say_thread(void *argument) {
  (void)argument;
  say("thread %d of %d", gettid(), getpid());
  need(syscall(SYS_gettid) == gettid());
  return NULL;
}

static void *exec_child(void *argument) {
  (void)argument;
  execl("/proc/self/exe", "participant", "identity-child", NULL);
  return NULL;
}

static void run_in_thread(void *(*routine)(void *)) {
  pthread_t thread;
  need(pthread_create(&thread, NULL, routine, NULL) == 0);
  need(pthread_join(thread, NULL) == 0);
}

static int part_identity(int a, int b) {
  (void)a, (void)b;
  char *arguments[] = {"participant", "identity-child", NULL};
  pid_t child;
  int terminal;
  say("first %d", getpid());
  need(getppid() < 5000000 && kill(getppid(), 0) == 0);
  run_in_thread(say_thread);
  need((child = fork()) >= 0);
  if (child == 0) {
    say("forked %d of %d", getpid(), getppid());
    run_in_thread(say_thread);
    run_in_thread(exec_child);
  }
  need(wait(NULL) == child);
  need(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
  need(waitpid(child, NULL, 0) == child);
  say("spawned %d", child);
  need(posix_spawnp(&child, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
  need(waitpid(child, NULL, 0) == child);
  need((child = vfork()) >= 0);
  if (child == 0)
    _exit(0);
  need(waitpid(child, NULL, 0) == child);
  say("by vfork %d", child);
  need((child = forkpty(&terminal, NULL, NULL, NULL)) >= 0);
  if (child == 0)
    _exit(isatty(STDIN_FILENO) && getsid(0) == getpid() && tcgetsid(STDIN_FILENO) == getpid() ? 5
                                                                                              : 6);
  int status;
  need(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5);
  say("by forkpty %d", child);
  return system("test $PPID = 5000000 && exec sh -c 'sleep 1 & echo 0.000000000 $$ $!; wait $!'");
}

/* ---- waiting ---- */

static pid_t start_ending(int status) {
  pid_t child = fork();
  if (child == 0) {
    sleep(1);
    _exit(status);
  }
  return child;
}

static int part_identity_waits(int a, int b) {
  (void)a, (void)b;
  struct rusage usage;
  siginfo_t information = {0};
  int status;
  pid_t child = start_ending(1);
  need(waitpid(child, &status, WNOHANG) == 0);
  need(waitid(P_PID, (id_t)child, &information, WEXITED | WNOWAIT) == 0);
  say("waitid %d %d", information.si_pid, information.si_status);
  need(waitpid(child, &status, WNOHANG) == child);
  need(kill(child, 0) < 0 && errno == ESRCH && waitpid(child, NULL, 0) < 0 && errno == ECHILD);
  start_ending(2);
  say("wait3 %d", wait3(&status, 0, &usage));
  child = start_ending(3);
  say("wait4 %d", wait4(child, &status, 0, &usage));
  child = start_ending(4);
  say("waitid by syscall %d",
      syscall(SYS_waitid, P_PID, child, &information, WEXITED | WNOWAIT, NULL) == 0
          ? information.si_pid
          : -1);
  say("wait4 by syscall %ld", syscall(SYS_wait4, child, &status, 0, NULL));
  child = start_ending(5);
  need(setpgid(child, child) == 0);
  say("of a group %d", waitpid(-child, &status, 0));
  int descriptor = pidfd_open(child = start_ending(6), 0);
  struct pollfd exited = {.fd = descriptor, .events = POLLIN};
  need(descriptor >= 0 && poll(&exited, 1, 5000) == 1);
  need(waitid(P_PIDFD, (id_t)descriptor, &information, WEXITED) == 0);
  say("by pidfd %d", information.si_pid);
  need(syscall(SYS_pidfd_open, getpid(), 0) >= 0 && pidfd_open(child, 0) < 0 && errno == ESRCH);
  return 0;
}

/* ---- signals ---- */

static volatile sig_atomic_t sender, sender_code;

static void on_information(int number, siginfo_t *information, void *context) {
  (void)number, (void)context;
  sender = information->si_pid;
  sender_code = information->si_code;
}

static void run_handlers(void) {
  struct sigaction action = {.sa_sigaction = on_information, .sa_flags = SA_SIGINFO}, old;
  need(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGCHLD, &action, NULL) == 0);
  need(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_sigaction == on_information);
  need(sigaction(SIGKILL, &action, NULL) < 0 && errno == EINVAL);
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    kill(parent, SIGUSR1);
    sleep(1);
    _exit(0);
  }
  need(pause() < 0);
  say("handler: sender %d%s", sender, sender_code == SI_USER ? "" : "?");
  need(pause() < 0);
  say("handler: child %d%s", sender, sender_code == CLD_EXITED ? "" : "?");
  need(raise(SIGUSR1) == 0 && sender == parent && sender_code == SI_TKILL);
  struct sigaction plain = {.sa_handler = SIG_DFL};
  need(sigaction(SIGCHLD, &plain, &old) == 0 && old.sa_sigaction == on_information);
  need(sigaction(SIGCHLD, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
  need(waitpid(child, NULL, 0) == child);
}

static void send_all_ways(pid_t to) {
  siginfo_t information = {.si_code = SI_QUEUE};
  information.si_pid = kernels_id();
  need(kill(to, SIGUSR2) == 0);
  sleep(1);
  need(tgkill(to, to, SIGUSR2) == 0);
  sleep(1);
  need(sigqueue(to, SIGUSR2, (union sigval){.sival_int = 1}) == 0);
  sleep(1);
  need(syscall(SYS_kill, to, SIGUSR2) == 0);
  sleep(1);
  need(syscall(SYS_tgkill, to, to, SIGUSR2) == 0);
  sleep(1);
  need(syscall(SYS_tkill, to, SIGUSR2) == 0);
  sleep(1);
  need(syscall(SYS_rt_sigqueueinfo, to, SIGUSR2, &information) == 0);
  sleep(1);
  need(syscall(SYS_rt_tgsigqueueinfo, to, to, SIGUSR2, &information) == 0);
  _exit(0);
}

static int part_identity_signals(int a, int b) {
  (void)a, (void)b;
  sigset_t signals;
  siginfo_t information;
  run_handlers();
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR2);
  need(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
  pid_t parent = getpid();
  if (fork() == 0)
    send_all_ways(parent);
  for (int i = 0; i < 8; i++) {
    need((i % 2 ? sigwaitinfo(&signals, &information)
                : sigtimedwait(&signals, &information, &(struct timespec){.tv_sec = 9})) > 0);
    say("sender %d", information.si_pid);
  }
  need(kill(5000100, 0) < 0 && errno == ESRCH && kill(INT_MAX, 0) < 0 && errno == ESRCH);
  return 0;
}

/* ---- groups ---- */

/* In a process that leads its session and has a terminal. */
static void use_terminal(void) {
  pid_t self = getpid(), other = start_idle();
  say("terminal of %d in front %d", tcgetsid(STDIN_FILENO), tcgetpgrp(STDIN_FILENO));
  need(setpgid(other, other) == 0 && tcsetpgrp(STDIN_FILENO, other) == 0);
  say("in front %d", tcgetpgrp(STDIN_FILENO));
  signal(SIGTTOU, SIG_IGN);
  need(tcsetpgrp(STDIN_FILENO, self) == 0);
  end(other);
}

static int part_identity_groups(int a, int b) {
  (void)a, (void)b;
  int terminal, output = dup(STDOUT_FILENO);
  pid_t leader = start_idle(), member = start_idle();
  need(setpgid(leader, 0) == 0 && setpgid(member, leader) == 0);
  say("group %d %ld", getpgid(member), syscall(SYS_getpgid, member));
  need(getpgid(leader) == leader && getpgrp() != leader && getpgrp() == getpgid(0));
  need(getsid(member) == getsid(0) && syscall(SYS_getsid, member) == getsid(0));
  end(leader); /* the group goes on */
  need(killpg(leader, 0) == 0 && kill(-leader, SIGTERM) == 0 &&
       waitpid(-leader, NULL, 0) == member);
  need(killpg(leader, 0) < 0 && errno == ESRCH);
  if (fork() == 0) {
    pid_t session = setsid();
    say("session %d %d group %d", session, getsid(0), getpgrp());
    need(syscall(SYS_setsid) < 0 && errno == EPERM);
    _exit(0);
  }
  need(wait(NULL) > 0);
  pid_t child = forkpty(&terminal, NULL, NULL, NULL);
  if (child == 0) {
    need(dup2(output, STDOUT_FILENO) == STDOUT_FILENO);
    use_terminal();
    _exit(0);
  }
  need(waitpid(child, NULL, 0) == child);
  return 0;
}

/* ---- descriptors ---- */

static void own_and_lock(pid_t child) {
  struct f_owner_ex owner = {.type = F_OWNER_PID, .pid = child}, said;
  int pair[2], file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  need(fcntl(pair[0], F_SETOWN, getpid()) == 0 && fcntl(pair[0], F_GETOWN) == getpid());
  need(fcntl64(pair[0], F_SETOWN_EX, &owner) == 0 && fcntl(pair[0], F_GETOWN_EX, &said) == 0);
  say("owner %d", said.pid);
  need(setpgid(child, child) == 0 && fcntl(pair[0], F_SETOWN, -child) == 0);
  need(fcntl(pair[0], F_GETOWN_EX, &said) == 0 && said.type == F_OWNER_PGRP && said.pid == child);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  need(file >= 0 && fcntl(file, F_SETLK, &lock) == 0);
  pid_t asking = fork();
  if (asking == 0) {
    need(fcntl(file, F_GETLK, &lock) == 0);
    say("locked by %d", lock.l_pid);
    _exit(0);
  }
  need(waitpid(asking, NULL, 0) == asking);
}

/* unix(7): refused by the kernel if they aren't the sender's. */
static void send_credentials(int from, int to, struct sockaddr_un *address, socklen_t length) {
  int on = 1;
  struct ucred said = {.pid = getpid(), .uid = getuid(), .gid = getgid()};
  char byte = 'x';
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct ucred))];
  } control = {.header = {.cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_CREDENTIALS,
                          .cmsg_len = CMSG_LEN(sizeof said)}};
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_name = address,
                           .msg_namelen = length,
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  memcpy(CMSG_DATA(&control.header), &said, sizeof said);
  need(setsockopt(to, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
  need(sendmsg(from, &message, 0) == 1);
  memset(&control, 0, sizeof control);
  message.msg_name = NULL;
  need(recvmsg(to, &message, 0) == 1);
  memcpy(&said, CMSG_DATA(&control.header), sizeof said);
  say("credentials %d", said.pid);
}

static void exchange_credentials(void) {
  int pair[2], receiving = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct ucred said = {0};
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t length = sizeof said;
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  need(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &said, &length) == 0);
  say("peer %d", said.pid);
  send_credentials(pair[0], pair[1], NULL, 0);
  /* The kernel chooses an address. */
  need(bind(receiving, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
  length = sizeof address;
  need(getsockname(receiving, (struct sockaddr *)&address, &length) == 0);
  send_credentials(socket(AF_UNIX, SOCK_DGRAM, 0), receiving, &address, length);
}

static int part_identity_descriptors(int a, int b) {
  (void)a, (void)b;
  pid_t child = start_idle();
  own_and_lock(child);
  exchange_credentials();
  end(child);
  return 0;
}

/* ---- /proc ---- */

static const char *path_of(pid_t id, const char *rest) {
  static char path[64];
  snprintf(path, sizeof path, "/proc/%d%s", (int)id, rest);
  return path;
}

static int part_identity_proc(int a, int b) {
  (void)a, (void)b;
  struct stat status, own;
  struct stat64 status64;
  char target[PATH_MAX], exe[PATH_MAX];
  pid_t child = start_idle();
  need(kernels_id() != getpid() && kernels_id() < 5000000);
  int fd = open(path_of(child, "/status"), O_RDONLY);
  need(fd >= 0 && close(fd) == 0);
  need((fd = openat(AT_FDCWD, path_of(child, "/status"), O_RDONLY)) >= 0 && close(fd) == 0);
  FILE *file = fopen(path_of(child, "/comm"), "r");
  need(file && fgets(target, sizeof target, file) && strncmp(target, "clock_particip", 14) == 0);
  fclose(file);
  DIR *directory = opendir(path_of(child, "/fd"));
  need(directory && closedir(directory) == 0);
  need(access(path_of(child, "/exe"), R_OK) == 0);
  ssize_t size = readlink(path_of(child, "/exe"), target, sizeof target);
  need(size > 0 && readlink("/proc/self/exe", exe, sizeof exe) == size &&
       memcmp(target, exe, (size_t)size) == 0);
  need(stat("/proc/self/exe", &own) == 0 && stat(path_of(child, "/exe"), &status) == 0 &&
       stat64(path_of(child, "/exe"), &status64) == 0);
  need(own.st_ino == status.st_ino && own.st_ino == status64.st_ino);
  snprintf(exe, sizeof exe, "/proc/self/task/%d/comm", gettid());
  need(access(exe, R_OK) == 0);
  end(child);
  need(access(path_of(child, ""), F_OK) < 0 && errno == ENOENT);
  need(access("/proc/5000100", F_OK) < 0 && access("/proc/sys/5000000", F_OK) < 0);
  say("as in /proc/self");
  return 0;
}

/* ---- scheduling and limits ---- */

static void schedule(pid_t child) {
  cpu_set_t set;
  struct sched_param parameters = {0};
  need(sched_getaffinity(child, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1);
  need(sched_setaffinity(child, sizeof set, &set) == 0);
  need(sched_setscheduler(child, SCHED_BATCH, &parameters) == 0);
  need(sched_getscheduler(child) == SCHED_BATCH && sched_getscheduler(0) == SCHED_OTHER);
  need(sched_getparam(child, &parameters) == 0 && sched_setparam(child, &parameters) == 0);
  need(setpriority(PRIO_PROCESS, (id_t)child, 7) == 0);
  need(getpriority(PRIO_PROCESS, (id_t)child) == 7 && getpriority(PRIO_PROCESS, 0) == 0);
  need(syscall(SYS_sched_getscheduler, child) == SCHED_BATCH);
  need(syscall(SYS_getpriority, PRIO_PROCESS, child) == 20 - 7);
}

static int part_identity_scheduling(int a, int b) {
  (void)a, (void)b;
  struct rlimit limit = {.rlim_cur = 77, .rlim_max = 77}, old;
  struct rlimit64 old64;
  clockid_t clock;
  struct timespec used;
  pid_t child = start_idle();
  schedule(child);
  need(prlimit(child, RLIMIT_NOFILE, &limit, NULL) == 0);
  need(prlimit(child, RLIMIT_NOFILE, NULL, &old) == 0 && old.rlim_cur == 77);
  need(prlimit64(child, RLIMIT_NOFILE, NULL, &old64) == 0 && old64.rlim_cur == 77);
  need(getrlimit(RLIMIT_NOFILE, &old) == 0 && old.rlim_cur != 77);
  need(clock_getcpuclockid(child, &clock) == 0 && clock_gettime(clock, &used) == 0);
  need(used.tv_sec < 1000);
  end(child);
  need(sched_getscheduler(child) < 0 && errno == ESRCH);
  say("the child's");
  return 0;
}

const struct part identity_parts[] = {
    {"identity", part_identity},
    {"identity-child", part_identity_child},
    {"identity-waits", part_identity_waits},
    {"identity-signals", part_identity_signals},
    {"identity-groups", part_identity_groups},
    {"identity-descriptors", part_identity_descriptors},
    {"identity-proc", part_identity_proc},
    {"identity-scheduling", part_identity_scheduling},
    {NULL, NULL},
};
