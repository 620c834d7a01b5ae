module example.org/m

go 1.21

require(
	example.org/a v1.0.0
	example.org/b v1.1.0 // indirect
)

replace(
	example.org/b => example.org/c v1.2.0
)
