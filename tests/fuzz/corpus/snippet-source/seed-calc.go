package calc

type Pair struct{ A, B int }

func (p *Pair) Sum() int {
	return p.A + p.B
}

func Unused() int {
	return 0
}
