module github.com/a/b
require c.d/e v1.0.0
