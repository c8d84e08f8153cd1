module contexts

go 1.20
