module mapsbucket

go 1.20

toolchain go1.22.12
