#define _GNU_SOURCE

#include "process.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

child_process start_child(void (*work)(int socket, const void* argument), const void* argument) {
  int ends[2] = {-1, -1};
  child_process child = {-1, -1};
  if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0)) return child;
  fflush(stdout);
  child.pid = fork();
  if (child.pid == 0) {
    const int before = check_failures();
    close(ends[0]);
    work(ends[1], argument);
    fflush(stdout);
    _exit(check_failures() != before);
  }
  CHECK(child.pid > 0);
  close(ends[1]);
  child.socket = ends[0];
  return child;
}

int wait_for_child(const child_process* child) {
  int ended = -1;
  CHECK(waitpid(child->pid, &ended, 0) == child->pid);
  close(child->socket);
  return ended;
}

void check_child(const child_process* child) {
  const int ended = wait_for_child(child);
  CHECK(WIFEXITED(ended));
  CHECK_EQ(WEXITSTATUS(ended), 0);
}

int send_all(int socket, const void* bytes, size_t size) {
  return CHECK(send(socket, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
}

int receive_all(int socket, void* bytes, size_t size) {
  return CHECK(recv(socket, bytes, size, MSG_WAITALL) == (ssize_t)size);
}

void send_turn(int socket) { send_all(socket, "", 1); }

void wait_for_turn(int socket) {
  char byte = 0;
  receive_all(socket, &byte, 1);
}

/* A message of one byte, with room for one descriptor beside it. */
typedef struct message {
  char byte;
  struct iovec part;
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  struct msghdr header;
} message;

static void init_message(message* made) {
  memset(made, 0, sizeof *made);
  made->part.iov_base = &made->byte;
  made->part.iov_len = 1;
  made->header.msg_iov = &made->part;
  made->header.msg_iovlen = 1;
  made->header.msg_control = made->control;
  made->header.msg_controllen = sizeof made->control;
}

int send_descriptor(int socket, int descriptor) {
  message sent;
  init_message(&sent);
  struct cmsghdr* const rights = CMSG_FIRSTHDR(&sent.header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  return CHECK(sendmsg(socket, &sent.header, MSG_NOSIGNAL) == 1);
}

int receive_descriptor(int socket) {
  int descriptor = -1;
  message received;
  init_message(&received);
  if (!CHECK(recvmsg(socket, &received.header, MSG_CMSG_CLOEXEC) == 1)) return -1;
  const struct cmsghdr* const rights = CMSG_FIRSTHDR(&received.header);
  if (CHECK(rights != NULL && rights->cmsg_type == SCM_RIGHTS)) {
    memcpy(&descriptor, CMSG_DATA(rights), sizeof descriptor);
  }
  return descriptor;
}
