module cmd

go 1.16

require golang.org/x/net v0.1.0
