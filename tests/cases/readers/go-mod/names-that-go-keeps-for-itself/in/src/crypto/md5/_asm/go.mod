module crypto/md5/_asm

go 1.24

require golang.org/x/net v0.1.0
replace golang.org/x/net => ../net
