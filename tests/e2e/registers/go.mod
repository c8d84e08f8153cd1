module registers

go 1.20
