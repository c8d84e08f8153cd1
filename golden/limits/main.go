// SPDX-License-Identifier: BSD-2-Clause

// limits: strings, slices, a map and a list that are longer than what is kept of them.
package main

import "syscall"

type node struct {
	Name string
	Next *node
}

//go:noinline
func park() {
	println("ready", syscall.Getpid())
	syscall.Pause()
}

//go:noinline
func keep(text string, numbers []int32, texts []string) int {
	return len(text) + len(numbers) + len(texts)
}

//go:noinline
func hold(text string, numbers []int32, texts []string, m map[int8]int8, list *node) int {
	park()
	return len(text[1:]) + int(numbers[9]) + len(texts[2]) + len(m) + len(list.Name) + keep(text, numbers, texts)
}

func main() {
	numbers, m := make([]int32, 10), map[int8]int8{}
	for i := range numbers {
		numbers[i] = int32(i * i)
		m[int8(i)] = int8(-i)
	}
	list := &node{"first", &node{"second", &node{"third", nil}}}
	hold("a text of thirty-one characters", numbers, []string{"a", "", "longer than eight"}, m, list)
}
