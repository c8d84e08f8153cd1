module paths

go 1.20

toolchain go1.26.8
