// A small tree with one violation of each rule. It is a module of its own, so that nothing builds it.
module lyceum

go 1.26
