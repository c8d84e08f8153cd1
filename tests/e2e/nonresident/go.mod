module nonresident

go 1.20
