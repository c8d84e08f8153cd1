module types

go 1.20
