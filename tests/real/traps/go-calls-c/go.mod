module example.org/answer

go 1.22
