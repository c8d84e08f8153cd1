// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// layout is what the walker has to know of a program, by name from its DWARF.
type layout struct {
	allgs                       uint64 // address of runtime.allgs
	status, sp, pc, bp, stackHi uint64 // offsets in runtime.g
	size                        uint64 // of runtime.g
}

const opAddr = 0x03 // DW_OP_addr

func readLayout(path string) (l layout, err error) {
	file, err := elf.Open(path)
	if err != nil {
		return l, err
	}
	defer file.Close()
	if file.Type != elf.ET_EXEC {
		return l, fmt.Errorf("%s: only programs with fixed addresses", path)
	}
	data, err := file.DWARF()
	if err != nil {
		return l, err
	}
	g, allgs, err := find(data)
	if err != nil {
		return l, err
	}
	l.allgs, l.size = allgs, uint64(g.ByteSize)
	for _, f := range []struct {
		path []string
		ret  *uint64
	}{
		{[]string{"atomicstatus"}, &l.status},
		{[]string{"sched", "sp"}, &l.sp},
		{[]string{"sched", "pc"}, &l.pc},
		{[]string{"sched", "bp"}, &l.bp},
		{[]string{"stack", "hi"}, &l.stackHi},
	} {
		if *f.ret, err = offset(g, f.path); err != nil {
			return l, err
		}
	}
	return l, nil
}

// find gives the type runtime.g and the address of runtime.allgs.
func find(data *dwarf.Data) (g *dwarf.StructType, allgs uint64, err error) {
	for reader := data.Reader(); g == nil || allgs == 0; {
		entry, err := reader.Next()
		if err != nil {
			return nil, 0, err
		}
		if entry == nil {
			return nil, 0, fmt.Errorf("no runtime.g or no runtime.allgs in the debug information")
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		location, _ := entry.Val(dwarf.AttrLocation).([]byte)
		switch {
		case entry.Tag == dwarf.TagStructType && name == "runtime.g":
			t, err := data.Type(entry.Offset)
			if err != nil {
				return nil, 0, err
			}
			g, _ = t.(*dwarf.StructType)
		case entry.Tag == dwarf.TagVariable && name == "runtime.allgs" && len(location) == 9 && location[0] == opAddr:
			allgs = binary.LittleEndian.Uint64(location[1:])
		}
		if entry.Tag == dwarf.TagSubprogram {
			reader.SkipChildren()
		}
	}
	return g, allgs, nil
}

func offset(t *dwarf.StructType, path []string) (uint64, error) {
	for _, field := range t.Field {
		if field.Name != path[0] {
			continue
		}
		if len(path) == 1 {
			return uint64(field.ByteOffset), nil
		}
		inner := field.Type
		if typedef, ok := inner.(*dwarf.TypedefType); ok {
			inner = typedef.Type
		}
		if s, ok := inner.(*dwarf.StructType); ok {
			rest, err := offset(s, path[1:])
			return uint64(field.ByteOffset) + rest, err
		}
	}
	return 0, fmt.Errorf("%s has no field %s", t.StructName, path[0])
}
