/* Child processes that tests talk with: a socket instead of sleeps. */
#ifndef WINDLASS_TESTS_CAPI_PROCESS_H
#define WINDLASS_TESTS_CAPI_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct child_process {
  pid_t pid;
  int socket; /* to the child */
} child_process;

/*
 * Forks a child that does the work, with its end of the socket, and ends with 1 if a check failed there, else with 0.
 * Nothing of the library may be open: a child does not have its parent's threads.
 */
child_process start_child(void (*work)(int socket, const void* argument), const void* argument);

/* Waits for its end, and gives what waitpid says. */
int wait_for_child(const child_process* child);

/* Waits for its end, which must be a good one. */
void check_child(const child_process* child);

/* All of it, or a failed check and 0. */
int send_all(int socket, const void* bytes, size_t size);
int receive_all(int socket, void* bytes, size_t size);

/* A byte that says: go on. */
void send_turn(int socket);
void wait_for_turn(int socket);

/* A descriptor, which the receiver gets as one of his own. */
int send_descriptor(int socket, int descriptor);
int receive_descriptor(int socket);

#endif
