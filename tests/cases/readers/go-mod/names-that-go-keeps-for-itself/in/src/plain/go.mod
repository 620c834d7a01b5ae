module plain

go 1.24

require golang.org/x/net v0.1.0
