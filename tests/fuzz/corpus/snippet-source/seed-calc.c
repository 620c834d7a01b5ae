#include <stdio.h>
#define LIMIT 10

struct pair {
  int a, b;
};

int add(int a, int b) {
  return a + b;
}

static int unused(int a) { return a; }

int main(void) {
  struct pair p = {1, 2};
  printf("}%d\n", add(p.a, p.b));
  return 0;
}
