/* SPDX-License-Identifier: MIT
 *
 * Hosts that can't be reached, as plain sockets see them: each test runs the participant on a host
 * "client" with an echo server on another, and compares what it printed, virtual times included.
 * The instants are those of Linux: tcp_syn_retries and tcp_retries2 of ip-sysctl.rst, tcp(7),
 * udp(7), ip(7).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/lab.h"
#include "tests/unit.h"

static void add_host(struct network *network, const char *name, const char *v4, const char *v6) {
  struct sockaddr_in address4 = {.sin_family = AF_INET};
  struct sockaddr_in6 address6 = {.sin6_family = AF_INET6};
  int host = network_add_host(network, name);
  if (inet_pton(AF_INET, v4, &address4.sin_addr) != 1 ||
      network_add_address(network, host, (struct sockaddr *)&address4) ||
      inet_pton(AF_INET6, v6, &address6.sin6_addr) != 1 ||
      network_add_address(network, host, (struct sockaddr *)&address6))
    abort();
}

static void add_network(struct clock_lab *lab) {
  network_init(&lab->segment->network, lab_block());
  add_host(&lab->segment->network, "client", "10.0.0.1", "2001:db8::1");
  add_host(&lab->segment->network, "server", "10.0.0.2", "2001:db8::2");
}

static void expect(const char *const *arguments, const char *expected) {
  struct lab_result result = lab_run(
      &(struct lab_options){.seed = 1, .prepare = add_network, .host = "client"}, arguments);
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0 || result.report[0])
    fprintf(stderr, "%s printed:\n%s%s\n", arguments[1], result.output, result.report);
  CU_ASSERT_EQUAL(result.left, 0);
  CU_ASSERT_EQUAL(result.report[0], '\0');
  free(result.output);
}

static void test_connects_that_are_refused(void) {
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,tcp,refused", "open:tcp,4",
                   "connect:10.0.0.2", "open:tcp,4", "set:10.0.0.2,tcp,unreachable",
                   "connect:10.0.0.2", "error", "open:tcp,4", "set:10.0.0.2:5060,tcp,up",
                   "set:10.0.0.2,tcp,up", "connect:10.0.0.2", "peer"),
         "0.000000000 connect ECONNREFUSED\n"
         "0.000000000 connect EHOSTUNREACH\n"
         "0.000000000 error 0\n"
         "0.000000000 connect 0\n"
         "0.000000000 peer 10.0.0.2:5060\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,6,nonblock",
                   "set:2001:db8::2,all,unreachable", "connect:2001:db8::2", "poll:0", "error",
                   "error", "poll:0", "connect:2001:db8::2", "open:tcp,6,nonblock",
                   "set:2001:db8::2,all,refused", "connect:2001:db8::2", "epoll:0", "recv", "recv",
                   "open:tcp,6,nonblock", "set:2001:db8::2,all,unreachable", "connect:2001:db8::2",
                   "select:0", "send:x", "send:x", "open:tcp,6,nonblock", "connect:2001:db8::2",
                   "recv"),
         "0.000000000 connect EINPROGRESS\n"
         "0.000000000 poll in out err hup rdhup\n"
         "0.000000000 error EHOSTUNREACH\n"
         "0.000000000 error 0\n"
         "0.000000000 poll in out hup rdhup\n"
         "0.000000000 connect ECONNABORTED\n"
         "0.000000000 connect EINPROGRESS\n"
         "0.000000000 epoll nothing\n"
         "0.000000000 recv ECONNREFUSED\n"
         "0.000000000 recv 0\n"
         "0.000000000 connect EINPROGRESS\n"
         "0.000000000 select 2 in out\n"
         "0.000000000 send EHOSTUNREACH\n"
         "0.000000000 send EPIPE\n"
         "0.000000000 connect EINPROGRESS\n"
         "0.000000000 recv EHOSTUNREACH\n");
}

static void test_silent_connects(void) {
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4", "connect:10.0.0.2", "peer", "open:tcp,6,nonblock",
                   "connect:2001:db8::2", "connect:2001:db8::2", "recv", "send:x", "poll:126999",
                   "poll:1", "error", "recv", "connect:2001:db8::2"),
         "127.000000000 connect ETIMEDOUT\n"
         "127.000000000 peer ENOTCONN\n"
         "127.000000000 connect EINPROGRESS\n"
         "127.000000000 connect EALREADY\n"
         "127.000000000 recv EAGAIN\n"
         "127.000000000 send EAGAIN\n"
         "253.999000000 poll nothing\n"
         "254.000000000 poll in out err hup rdhup\n"
         "254.000000000 error ETIMEDOUT\n"
         "254.000000000 recv 0\n"
         "254.000000000 connect ECONNABORTED\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,6", "option:retries,2", "connect:2001:db8::2", "get:retries",
                   "option:retries,0", "option:retries,128", "open:tcp,4", "option:timeout,10000",
                   "connect:10.0.0.2", "open:tcp,4", "option:timeout,500", "connect:10.0.0.2",
                   "open:tcp,4", "option:retries,8", "connect:10.0.0.2"),
         "7.000000000 connect ETIMEDOUT\n"
         "7.000000000 retries 2\n"
         "7.000000000 option retries EINVAL\n"
         "7.000000000 option retries EINVAL\n"
         "17.000000000 connect ETIMEDOUT\n"
         "18.000000000 connect ETIMEDOUT\n"
         "385.000000000 connect ETIMEDOUT\n");
}

static void test_host_comes_back(void) {
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4", "after:10000,set:10.0.0.2,all,up", "connect:10.0.0.2",
                   "send:hello", "recv", "peer", "connect:10.0.0.2"),
         "15.000000000 connect 0\n"
         "15.000000000 send 5\n"
         "15.000000000 server got 5\n"
         "15.000000000 recv 5\n"
         "15.000000000 peer 10.0.0.2:5060\n"
         "15.000000000 connect EISCONN\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,6,nonblock", "after:2500,set:2001:db8::2,all,up",
                   "connect:2001:db8::2", "poll:1000", "poll:10000", "error", "connect:2001:db8::2",
                   "connect:2001:db8::2"),
         "0.000000000 connect EINPROGRESS\n"
         "1.000000000 poll nothing\n"
         "3.000000000 poll out\n"
         "3.000000000 error 0\n"
         "3.000000000 connect 0\n"
         "3.000000000 connect EISCONN\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4,nonblock", "after:2500,set:10.0.0.2,all,up", "connect:10.0.0.2",
                   "epoll:10000", "error", "send:x", "pollin:10", "recv"),
         "0.000000000 connect EINPROGRESS\n"
         "3.000000000 epoll out\n"
         "3.000000000 error 0\n"
         "3.000000000 send 1\n"
         "3.000000000 server got 1\n"
         "3.000000000 pollin in\n"
         "3.000000000 recv 1\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.1,all,silent", "open:tcp,4,nonblock",
                   "after:2500,set:10.0.0.1,all,up", "connect:10.0.0.2", "select:10000", "error"),
         "0.000000000 connect EINPROGRESS\n"
         "3.000000000 select 1 out\n"
         "3.000000000 error 0\n");
  expect(ARGUMENTS("reach", "set:10.0.0.2,all,silent", "open:tcp,4,nonblock",
                   "after:5000,set:10.0.0.2,all,up", "connect:10.0.0.2", "select:1000",
                   "select:10000", "error"),
         "0.000000000 connect EINPROGRESS\n"
         "1.000000000 select 0\n"
         "7.000000000 select 2 in out\n"
         "7.000000000 error ECONNREFUSED\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4", "after:5000,set:10.0.0.2,all,refused", "connect:10.0.0.2",
                   "set:10.0.0.2,all,silent", "open:tcp,4",
                   "after:5000,set:10.0.0.2,all,unreachable", "connect:10.0.0.2"),
         "7.000000000 connect ECONNREFUSED\n"
         "14.000000000 connect EHOSTUNREACH\n");
}

static void test_interrupted_connects(void) {
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4", "alarm:5000", "connect:10.0.0.2", "connect:10.0.0.2"),
         "5.000000000 connect EINTR\n"
         "127.000000000 connect ETIMEDOUT\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4", "option:send-timeout,2", "connect:10.0.0.2", "connect:10.0.0.2",
                   "after:1500,set:10.0.0.2,all,up", "connect:10.0.0.2", "peer",
                   "connect:10.0.0.2"),
         "2.000000000 connect EINPROGRESS\n"
         "4.000000000 connect EALREADY\n"
         "6.000000000 connect EALREADY\n"
         "6.000000000 peer ENOTCONN\n"
         "7.000000000 connect 0\n");
}

static void test_shared_and_closed_connects(void) {
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4,nonblock", "connect:10.0.0.2", "fork:8000",
                   "after:2500,set:10.0.0.2,all,up", "poll:10000", "poll:0", "error", "send:x",
                   "pollin:10", "recv", "sleep:9000", "send:x", "pollin:10", "recv"),
         "0.000000000 connect EINPROGRESS\n"
         "3.000000000 poll out\n"
         "3.000000000 poll out\n"
         "3.000000000 error 0\n"
         "3.000000000 send 1\n"
         "3.000000000 server got 1\n"
         "3.000000000 pollin in\n"
         "3.000000000 recv 1\n"
         "12.000000000 send 1\n"
         "12.000000000 server got 1\n"
         "12.000000000 pollin in\n"
         "12.000000000 recv 1\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4,nonblock", "connect:10.0.0.2", "fork:200000", "poll:200000", "error",
                   "recv"),
         "0.000000000 connect EINPROGRESS\n"
         "127.000000000 poll in out err hup rdhup\n"
         "127.000000000 error ETIMEDOUT\n"
         "127.000000000 recv 0\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4,nonblock", "connect:10.0.0.2", "sleep:1500", "close",
                   "set:10.0.0.2,all,up", "sleep:5000", "open:tcp,4", "connect:10.0.0.2"),
         "0.000000000 connect EINPROGRESS\n"
         "6.500000000 connect 0\n");
}

/* As measured on Linux (tests/network, silent-hung-up): shutdown() dissolves the attempt. */
static void test_connects_that_are_hung_up(void) {
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "set:2001:db8::2,all,silent",
                   "open:tcp,4", "hang-up:2000", "connect:10.0.0.2", "error", "peer", "recv",
                   "after:2500,set:10.0.0.2,all,up", "connect:10.0.0.2", "send:x", "recv"),
         "2.000000000 thread: shutdown 0\n"
         "2.000000000 connect ECONNRESET\n"
         "2.000000000 error 0\n"
         "2.000000000 peer ENOTCONN\n"
         "2.000000000 recv ENOTCONN\n"
         "5.000000000 connect 0\n"
         "5.000000000 send 1\n"
         "5.000000000 server got 1\n"
         "5.000000000 recv 1\n");
  expect(ARGUMENTS("reach", "serve:server", "set:2001:db8::2,all,silent", "open:tcp,6,nonblock",
                   "hang-up:2000", "connect:2001:db8::2", "poll:5000", "error", "error",
                   "get:retries", "connect:2001:db8::2", "poll:200000", "error"),
         "0.000000000 connect EINPROGRESS\n"
         "2.000000000 thread: shutdown 0\n"
         "2.000000000 poll out err hup\n"
         "2.000000000 error ECONNRESET\n"
         "2.000000000 error 0\n"
         "2.000000000 retries 6\n"
         "2.000000000 connect EINPROGRESS\n"
         "129.000000000 poll in out err hup rdhup\n"
         "129.000000000 error ETIMEDOUT\n");
  /* By another process that has the socket too. */
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "open:tcp,4",
                   "after:2000,shutdown", "connect:10.0.0.2", "error"),
         "2.000000000 shutdown 0\n"
         "2.000000000 connect ECONNRESET\n"
         "2.000000000 error 0\n");
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,all,silent", "open:tcp,4",
                   "close-up:2000", "connect:10.0.0.2"),
         "2.000000000 thread: close 0\n"
         "2.000000000 connect EBADF\n");
}

/* Linux sends by each of them, and nobody asked for errors (udp(7)). */
static void test_ways_to_send_to_the_unreachable(void) {
  expect(ARGUMENTS("reach", "serve:server", "set:10.0.0.2,udp,unreachable",
                   "set:2001:db8::2,udp,unreachable", "open:udp,4", "connect:10.0.0.2",
                   "write:", "pollin:100", "write:ab", "pollin:100", "sendfile:5", "pollin:100",
                   "open:udp,6", "connect:2001:db8::2", "write:", "pollin:100", "sendfile:5",
                   "pollin:100", "option:errors6,1", "sendfile:5", "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 write 0\n"
         "0.100000000 pollin nothing\n"
         "0.100000000 write 2\n"
         "0.200000000 pollin nothing\n"
         "0.200000000 sendfile 5\n"
         "0.300000000 pollin nothing\n"
         "0.300000000 connect 0\n"
         "0.300000000 write 0\n"
         "0.400000000 pollin nothing\n"
         "0.400000000 sendfile 5\n"
         "0.500000000 pollin nothing\n"
         "0.500000000 sendfile 5\n"
         "0.500000000 recv EHOSTUNREACH\n");
  /* An empty datagram is one, and sendfile into a silent connection is held like a send. */
  expect(ARGUMENTS("reach", "serve:server", "open:udp,4", "connect:10.0.0.2", "write:", "recv",
                   "open:tcp,4", "connect:10.0.0.2", "sendfile:7", "recv",
                   "set:10.0.0.2,tcp,silent", "sendfile:7", "after:1000,set:10.0.0.2,tcp,up",
                   "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 write 0\n"
         "0.000000000 server got \n"
         "0.000000000 recv 0\n"
         "0.000000000 connect 0\n"
         "0.000000000 sendfile 7\n"
         "0.000000000 server got 7\n"
         "0.000000000 recv 7\n"
         "0.000000000 sendfile 7\n"
         "1.600000000 server got 7\n"
         "1.600000000 recv 7\n");
}

static void test_datagrams(void) {
  expect(ARGUMENTS("reach", "serve:server", "open:udp,4", "sendto:10.0.0.2,a", "recv",
                   "set:10.0.0.2,udp,silent", "sendto:10.0.0.2,bb", "pollin:1000",
                   "set:10.0.0.2,udp,refused", "sendto:10.0.0.2,cc", "pollin:1000",
                   "set:10.0.0.2,udp,unreachable", "sendto:10.0.0.2,d", "pollin:1000", "queue"),
         "0.000000000 sendto 1\n"
         "0.000000000 server got a\n"
         "0.000000000 recv 1\n"
         "0.000000000 sendto 2\n"
         "1.000000000 pollin nothing\n"
         "1.000000000 sendto 2\n"
         "2.000000000 pollin nothing\n"
         "2.000000000 sendto 1\n"
         "3.000000000 pollin nothing\n"
         "3.000000000 queue EAGAIN\n");
  expect(ARGUMENTS("reach", "serve:server", "open:udp,4", "option:errors4,1",
                   "set:10.0.0.2,udp,unreachable", "sendto:10.0.0.2,eee", "pollin:1000", "queue",
                   "pollin:0", "sendto:10.0.0.2,ff", "recv", "queue", "set:10.0.0.2,udp,refused",
                   "sendto:10.0.0.2,g", "recv", "queue", "queue", "set:10.0.0.2,udp,up",
                   "sendto:10.0.0.2,h", "recv"),
         "0.000000000 sendto 3\n"
         "0.000000000 pollin err\n"
         "0.000000000 queue eee to 10.0.0.2:5060: EHOSTUNREACH origin 2 type 3 code 1\n"
         "0.000000000 pollin nothing\n"
         "0.000000000 sendto 2\n"
         "0.000000000 recv EHOSTUNREACH\n"
         "0.000000000 queue ff to 10.0.0.2:5060: EHOSTUNREACH origin 2 type 3 code 1\n"
         "0.000000000 sendto 1\n"
         "0.000000000 recv ECONNREFUSED\n"
         "0.000000000 queue g to 10.0.0.2:5060: ECONNREFUSED origin 2 type 3 code 3\n"
         "0.000000000 queue EAGAIN\n"
         "0.000000000 sendto 1\n"
         "0.000000000 server got h\n"
         "0.000000000 recv 1\n");
  expect(ARGUMENTS("reach", "serve:server", "open:udp,6", "option:errors6,1",
                   "set:2001:db8::2,udp,refused", "sendto:2001:db8::2,a", "queue", "error",
                   "set:2001:db8::2,udp,unreachable", "sendto:2001:db8::2,a", "recv", "queue",
                   "set:10.0.0.2,all,unreachable", "sendto:::ffff:10.0.0.2,a", "queue"),
         "0.000000000 sendto 1\n"
         "0.000000000 queue a to [2001:db8::2]:5060: ECONNREFUSED origin 3 type 1 code 4\n"
         "0.000000000 error 0\n"
         "0.000000000 sendto 1\n"
         "0.000000000 recv EHOSTUNREACH\n"
         "0.000000000 queue a to [2001:db8::2]:5060: EHOSTUNREACH origin 3 type 1 code 3\n"
         "0.000000000 sendto 1\n"
         "0.000000000 queue a to [::ffff:10.0.0.2]:5060: EHOSTUNREACH origin 2 type 3 code 1\n");
  expect(ARGUMENTS("reach", "serve:server", "open:udp,4", "set:10.0.0.1,udp,silent",
                   "sendto:10.0.0.2,a", "pollin:1000", "set:10.0.0.1,udp,up",
                   "set:10.0.0.2:5061,udp,silent", "sendto:10.0.0.2,a", "recv"),
         "0.000000000 sendto 1\n"
         "1.000000000 pollin nothing\n"
         "1.000000000 sendto 1\n"
         "1.000000000 server got a\n"
         "1.000000000 recv 1\n");
}

static void test_connected_datagrams(void) {
  expect(ARGUMENTS("reach", "serve:server", "open:udp,4", "connect:10.0.0.2", "send:a", "recv",
                   "set:10.0.0.2,udp,refused", "send:b", "poll:0", "recv", "peer",
                   "set:10.0.0.2,udp,unreachable", "send:b", "pollin:0", "option:errors4,1",
                   "send:c", "pollin:0", "recv", "queue", "set:10.0.0.2,udp,silent", "send:zz",
                   "pollin:10", "set:10.0.0.2,udp,up", "send:zzz", "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 send 1\n"
         "0.000000000 server got a\n"
         "0.000000000 recv 1\n"
         "0.000000000 send 1\n"
         "0.000000000 poll out err\n"
         "0.000000000 recv ECONNREFUSED\n"
         "0.000000000 peer 10.0.0.2:5060\n"
         "0.000000000 send 1\n"
         "0.000000000 pollin nothing\n"
         "0.000000000 send 1\n"
         "0.000000000 pollin err\n"
         "0.000000000 recv EHOSTUNREACH\n"
         "0.000000000 queue c to 10.0.0.2:5060: EHOSTUNREACH origin 2 type 3 code 1\n"
         "0.000000000 send 2\n"
         "0.010000000 pollin nothing\n"
         "0.010000000 send 3\n"
         "0.010000000 server got zzz\n"
         "0.010000000 recv 3\n");
  expect(ARGUMENTS("reach", "serve:server", "open:udp,6", "set:2001:db8::2,udp,refused",
                   "connect:2001:db8::2", "send:a", "send:b", "error", "set:2001:db8::2,udp,up",
                   "send:c", "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 send 1\n"
         "0.000000000 send ECONNREFUSED\n"
         "0.000000000 error 0\n"
         "0.000000000 send 1\n"
         "0.000000000 server got c\n"
         "0.000000000 recv 1\n");
}

static void test_silent_connections(void) {
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "set:10.0.0.2,all,silent", "send:hello", "after:5000,set:10.0.0.2,all,up",
                   "recv", "get:linger"),
         "0.000000000 connect 0\n"
         "0.000000000 send 5\n"
         "6.400000000 server got 5\n"
         "6.400000000 recv 5\n"
         "6.400000000 linger 0 0\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "set:10.0.0.2,all,silent", "send:hello", "recv", "poll:0", "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 send 5\n"
         "924.800000000 recv ETIMEDOUT\n"
         "924.800000000 poll in out hup rdhup\n"
         "924.800000000 recv 0\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2", "send:1",
                   "set:10.0.0.2,tcp,silent", "pollin:100", "after:1000,set:10.0.0.2,tcp,up",
                   "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 send 1\n"
         "0.000000000 server got 1\n"
         "0.100000000 pollin nothing\n"
         "1.600000000 recv 1\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "set:10.0.0.1,tcp,silent", "send:abc", "shutdown", "send:x", "option:linger,9",
                   "get:linger", "after:1000,set:10.0.0.1,tcp,up", "recv", "recv", "get:linger"),
         "0.000000000 connect 0\n"
         "0.000000000 send 3\n"
         "0.000000000 shutdown 0\n"
         "0.000000000 send EPIPE\n"
         "0.000000000 linger 1 9\n"
         "1.600000000 server got 3\n"
         "1.600000000 server: end 0\n"
         "1.600000000 recv 3\n"
         "1.600000000 recv 0\n"
         "1.600000000 linger 1 9\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,6", "option:timeout,2000", "get:timeout",
                   "option:timeout,-1", "connect:2001:db8::2", "set:2001:db8::2,all,silent",
                   "send:hello", "recv", "poll:0", "get:timeout"),
         "0.000000000 timeout 2000\n"
         "0.000000000 option timeout EINVAL\n"
         "0.000000000 connect 0\n"
         "0.000000000 send 5\n"
         "2.400000000 recv ETIMEDOUT\n"
         "2.400000000 poll in out hup rdhup\n"
         "2.400000000 timeout 2000\n");
}

static void test_unreachable_connections(void) {
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2", "option:timeout,5000",
                   "set:10.0.0.2,tcp,unreachable", "send:abc", "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 send 3\n"
         "5.400000000 recv EHOSTUNREACH\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "set:10.0.0.2,tcp,refused", "pollin:100", "send:abc", "poll:0", "recv"),
         "0.000000000 connect 0\n"
         "0.100000000 pollin nothing\n"
         "0.100000000 send 3\n"
         "0.100000000 poll in out err hup rdhup\n"
         "0.100000000 recv ECONNRESET\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "set:10.0.0.2,tcp,silent", "send:abc", "after:1000,set:10.0.0.2,tcp,refused",
                   "recv"),
         "0.000000000 connect 0\n"
         "0.000000000 send 3\n"
         "1.600000000 recv ECONNRESET\n");
}

static void test_full(void) {
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "set:10.0.0.2,tcp,silent", "after:1000,set:10.0.0.2,tcp,up", "fill:100000",
                   "sleep:100"),
         "0.000000000 connect 0\n"
         "1.600000000 fill 100000\n"
         "1.600000000 server got 65536\n"
         "1.600000000 server got 34464\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "option:send-timeout,3", "set:10.0.0.2,tcp,silent", "fill:100000", "fill:10"),
         "0.000000000 connect 0\n"
         "3.000000000 fill 87040\n"
         "6.000000000 fill EAGAIN\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4,nonblock", "option:timeout,1000",
                   "connect:10.0.0.2", "set:10.0.0.2,tcp,silent", "fill:100000", "fill:10",
                   "sleep:2000", "fill:10"),
         "0.000000000 connect EINPROGRESS\n"
         "0.000000000 fill 87040\n"
         "0.010000000 fill EAGAIN\n"
         "2.010000000 fill ETIMEDOUT\n");
}

static void test_keepalive(void) {
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "get:keepalive", "option:keepalive,1",
                   "get:keepalive", "option:idle,10", "option:interval,3", "option:count,4",
                   "connect:10.0.0.2", "sleep:12000", "set:10.0.0.2,all,silent", "recv", "poll:0",
                   "recv"),
         "0.000000000 keepalive 0\n"
         "0.000000000 keepalive 1\n"
         "0.000000000 connect 0\n"
         "32.000000000 recv ETIMEDOUT\n"
         "32.000000000 poll in out hup rdhup\n"
         "32.000000000 recv 0\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "option:keepalive,1", "option:idle,2",
                   "option:interval,1", "option:count,3", "option:timeout,3500", "connect:10.0.0.2",
                   "set:10.0.0.2,all,silent", "recv"),
         "0.000000000 connect 0\n"
         "4.000000000 recv ETIMEDOUT\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,6", "option:keepalive,1", "option:idle,2",
                   "option:interval,1", "option:count,3", "connect:2001:db8::2", "sleep:1500",
                   "send:a", "recv", "set:2001:db8::2,all,unreachable", "recv"),
         "0.000000000 connect 0\n"
         "1.500000000 send 1\n"
         "1.500000000 server got 1\n"
         "1.500000000 recv 1\n"
         "6.500000000 recv EHOSTUNREACH\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "option:keepalive,1", "option:idle,2",
                   "option:interval,1", "option:count,3", "connect:10.0.0.2",
                   "set:10.0.0.2,all,silent", "sleep:3500", "set:10.0.0.2,all,up", "pollin:5000",
                   "set:10.0.0.2,all,silent", "recv"),
         "0.000000000 connect 0\n"
         "8.500000000 pollin nothing\n"
         "13.000000000 recv ETIMEDOUT\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2",
                   "set:10.0.0.2,all,silent", "sleep:50000", "option:keepalive,1", "option:idle,2",
                   "option:interval,1", "option:count,3", "recv"),
         "0.000000000 connect 0\n"
         "55.000000000 recv ETIMEDOUT\n");
}

static void test_half_open(void) {
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2", "sleep:1000",
                   "set:10.0.0.2,all,silent", "signal-server", "sleep:1000", "set:10.0.0.2,all,up",
                   "pollin:1000", "send:x", "poll:0", "recv", "recv"),
         "0.000000000 connect 0\n"
         "3.000000000 pollin nothing\n"
         "3.000000000 send 1\n"
         "3.000000000 poll in out err hup rdhup\n"
         "3.000000000 recv ECONNRESET\n"
         "3.000000000 recv 0\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2", "sleep:1000",
                   "set:10.0.0.2,all,silent", "kill-server", "set:10.0.0.2,all,up", "pollin:1000",
                   "send:x", "recv", "recv"),
         "0.000000000 connect 0\n"
         "2.000000000 pollin nothing\n"
         "2.000000000 send 1\n"
         "2.000000000 recv ECONNRESET\n"
         "2.000000000 recv 0\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,6", "option:keepalive,1", "option:idle,10",
                   "connect:2001:db8::2", "sleep:1000", "set:2001:db8::2,all,silent", "kill-server",
                   "set:2001:db8::2,all,up", "pollin:1000", "recv", "poll:0"),
         "0.000000000 connect 0\n"
         "2.000000000 pollin nothing\n"
         "10.000000000 recv ECONNRESET\n"
         "10.000000000 poll in out hup rdhup\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2", "sleep:10",
                   "set:10.0.0.2,all,silent", "send:x", "signal-server",
                   "after:1000,set:10.0.0.2,all,up", "recv"),
         "0.000000000 connect 0\n"
         "0.010000000 send 1\n"
         "1.610000000 recv ECONNRESET\n");
  expect(ARGUMENTS("reach", "serve:server", "open:tcp,4", "connect:10.0.0.2", "sleep:1000",
                   "set:10.0.0.2,all,silent", "close", "set:10.0.0.2,all,up", "sleep:1000"),
         "0.000000000 connect 0\n");
}

static const struct unit_test tests[] = {
    {"a refused connect is ECONNREFUSED, an unreachable one EHOSTUNREACH",
     test_connects_that_are_refused},
    {"a connect to a silent host repeats its SYN for 127 s", test_silent_connects},
    {"it connects at the first SYN after the host is back", test_host_comes_back},
    {"a signal or SO_SNDTIMEO ends the wait and not the connect", test_interrupted_connects},
    {"a pending connect survives a fork, and is gone with its last descriptor",
     test_shared_and_closed_connects},
    {"shutdown ends a connect that waits, by ECONNRESET", test_connects_that_are_hung_up},
    {"an unreachable host gives no error, however it is sent to",
     test_ways_to_send_to_the_unreachable},
    {"datagrams are lost, refused, or unreachable for who asked", test_datagrams},
    {"a connected datagram socket hears of a closed port", test_connected_datagrams},
    {"what is sent into silence is retransmitted for 924.8 s", test_silent_connections},
    {"on a connection, unreachable is silence with another error, and a closed port a reset",
     test_unreachable_connections},
    {"silence takes as much as the kernel does", test_full},
    {"keepalive probes end a silent connection", test_keepalive},
    {"a peer that forgot the connection answers with a reset", test_half_open},
};

UNIT_MAIN("reach", tests)
