module example.com/old

go 1.16

require (
	github.com/a/b v1.9.0
	github.com/c/d v1.0.0
)

replace github.com/c/d => ../d
