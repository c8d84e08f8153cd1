// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"sync"
	"sync/atomic"
)

type counters struct {
	Mutex   sync.Mutex
	Locked  sync.Mutex
	RW      sync.RWMutex
	Reading sync.RWMutex
	Group   sync.WaitGroup
	Once    sync.Once
	Pointer atomic.Pointer[node]
	None    atomic.Pointer[node]
	Text    atomic.Pointer[string]
	Value   atomic.Value
	NoValue atomic.Value
	List    [2]atomic.Int64
}

type syncMaps struct {
	Empty sync.Map
	Read  sync.Map
	Dirty sync.Map
	Gone  sync.Map
	Deep  sync.Map
	Mixed sync.Map
	Ptr   *sync.Map
	Large sync.Map
}

//go:noinline
func holdSynced(v *counters) {
	park()
	keep(v)
}

//go:noinline
func holdSyncMaps(v *syncMaps) {
	park()
	keep(v)
}

func holdSyncKinds() {
	v := &counters{}
	v.Locked.Lock()
	v.Reading.RLock()
	v.Group.Add(3)
	v.Once.Do(func() {})
	text := "atomic"
	v.Pointer.Store(&node{1, &node{2, nil}})
	v.Text.Store(&text)
	v.Value.Store(inner{"stored", 1})
	v.List[1].Store(-1)
	truthFields("holdSynced", "v", v)
	hold(func() { holdSynced(v) })

	m := &syncMaps{}
	read, dirty := map[any]any{}, map[any]any{}
	for i := 0; i < 20; i++ {
		m.Read.Store(i, "v")
		read[i] = "v"
		m.Dirty.Store(i, i)
		dirty[i] = i
	}
	for i := 0; i < 40; i++ { // misses make the dirty map the read one
		m.Read.Load(100 + i)
		m.Dirty.Load(100 + i)
	}
	m.Dirty.Delete(3)
	delete(dirty, 3)
	m.Dirty.Store("new", &node{3, nil})
	dirty["new"] = &node{3, nil}
	m.Gone.Store(1, 1)
	m.Gone.Delete(1)
	truthEntries("holdSyncMaps", "v_Empty", map[any]any{}, limitDepth)
	truthEntries("holdSyncMaps", "v_Read", read, limitDepth)
	truthEntries("holdSyncMaps", "v_Dirty", dirty, limitDepth)
	truthEntries("holdSyncMaps", "v_Gone", map[any]any{}, limitDepth)
	// four pointers, as many as from any other map: what it is made of costs nothing
	deep := map[any]any{"deep": &node{1, &node{2, &node{3, &node{4, nil}}}}}
	m.Deep.Store("deep", deep["deep"])
	mixed := map[any]any{1: nil, "": []int{1}, place{1, 2}: map[string]int{"a": 1}, 1.5: "x", true: place{3, 4}}
	for k, v := range mixed {
		m.Mixed.Store(k, v)
	}
	m.Ptr = &sync.Map{}
	m.Ptr.Store("in", "pointer")
	for i := 0; i < 3000; i++ {
		m.Large.Store(i, i)
	}
	for i := 0; i < 1000; i++ {
		m.Large.Delete(i * 3)
	}
	truthEntries("holdSyncMaps", "v_Deep", deep, limitDepth)
	truthEntries("holdSyncMaps", "v_Mixed", mixed, limitDepth)
	truthEntries("holdSyncMaps", "v_Ptr", map[any]any{"in": "pointer"}, limitDepth)
	hold(func() { holdSyncMaps(m) })
}
