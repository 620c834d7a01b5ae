package org.example;

public class App {
    private final int[] table = {1, 2};

    public int add(int a, int b) {
        if (a > 0) {
            return a + b;
        }
        return b;
    }

    static int unused() { return 0; }
}
