module example.com/tiny

go 1.17

require (
	example.com/rep v1.0.0
	golang.org/x/text v0.3.7
	rsc.io/quote v1.5.2
)

require rsc.io/sampler v1.3.0 // indirect

replace golang.org/x/text v0.3.7 => golang.org/x/text v0.3.8

replace example.com/rep => ./local/rep

require (
	"github.com/quoted/path" v1.0.0 // a comment
	github.com/old/lib v2.0.0+incompatible
)

replace github.com/old/lib => github.com/fork/lib v2.0.1+incompatible

exclude golang.org/x/text v0.3.6
retract v0.0.1
toolchain go1.22.0
