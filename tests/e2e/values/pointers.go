// SPDX-License-Identifier: BSD-2-Clause
package main

type node struct {
	Value int
	Next  *node
}

type tree struct {
	Name        string
	Left, Right *tree
}

type pair struct {
	A, B *node
}

//go:noinline
func holdNil(p *node, pp **node, n *int, v *pair) {
	park()
	keep(p)
	keep(pp)
	keep(n)
	keep(v)
}

//go:noinline
func holdScalarPointer(p *int, pp **int, ppp ***int) {
	park()
	keep(p)
	keep(pp)
	keep(ppp)
}

//go:noinline
func holdChain(v *node) {
	park()
	keep(v)
}

//go:noinline
func holdShallow(v *node) {
	park()
	keep(v)
}

//go:noinline
func holdSelfCycle(v *node) {
	park()
	keep(v)
}

//go:noinline
func holdLongCycle(v *node) {
	park()
	keep(v)
}

//go:noinline
func holdShared(v *pair) {
	park()
	keep(v)
}

//go:noinline
func holdTree(v *tree) {
	park()
	keep(v)
}

// step is small enough to be inlined into holdInlined; it waits in there.
func step(v *node, by int) {
	v.Value += by
	park()
}

//go:noinline
func holdInlined(v *node) {
	step(v, 1)
	keep(v)
}

func chain(n int) *node {
	var head *node
	for ; n > 0; n-- {
		head = &node{n, head}
	}
	return head
}

func holdPointerKinds() {
	truth("holdNil", "p", (*node)(nil))
	truth("holdNil", "n", (*int)(nil))
	inner := (*node)(nil)
	truth("holdNil", "pp", &inner)
	v := &pair{A: &node{1, nil}}
	truth("holdNil", "v", v)
	truthStatus("holdNil", "p_Value", "null", "nil: *")
	truthStatus("holdNil", "v_B_Next_Value", "null", "nil: *")
	truth("holdNil", "v_A_Value", 1)
	truth("holdNil", "v_A_Next", (*node)(nil))
	hold(func() { holdNil(nil, &inner, nil, v) })

	n := 77
	p := &n
	pp := &p
	truth("holdScalarPointer", "p", p)
	truth("holdScalarPointer", "pp", pp)
	truth("holdScalarPointer", "ppp", &pp)
	hold(func() { holdScalarPointer(p, pp, &pp) })

	long := chain(10)
	truth("holdChain", "v", long)
	truth("holdChain", "fifth", 5)
	hold(func() { holdChain(long) })
	short := chain(3)
	truthDepth("holdShallow", "v", short, 1)
	truthDepth("holdShallow", "none", short, 0)
	hold(func() { holdShallow(short) })

	self := &node{Value: 5}
	self.Next = self
	truth("holdSelfCycle", "v", self)
	hold(func() { holdSelfCycle(self) })
	ring := chain(3)
	ring.Next.Next.Next = ring
	truth("holdLongCycle", "v", ring)
	hold(func() { holdLongCycle(ring) })
	twice := &node{Value: 9}
	shared := &pair{twice, twice}
	truth("holdShared", "v", shared)
	hold(func() { holdShared(shared) })

	root := &tree{"root", &tree{"left", nil, nil}, &tree{"right", &tree{"right.left", nil, nil}, nil}}
	truth("holdTree", "v", root)
	hold(func() { holdTree(root) })

	inlined := &node{Value: 41}
	after := &node{Value: 42}
	truth("holdInlined", "v", after)
	truth("step", "v", after)
	hold(func() { holdInlined(inlined) })
}
