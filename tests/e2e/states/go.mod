module states

go 1.20
