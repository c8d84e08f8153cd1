module unreadable

go 1.20
