package importer

// fargate lists the sizes of Fargate: CPU units, and MiB from, to and in steps (Amazon ECS
// developer guide, "Task CPU and memory"). 256 CPU units also come with 512 MiB.
var fargate = []struct{ cpu, from, to, step int }{
	{256, 512, 512, 512},
	{256, 1024, 2048, 1024},
	{512, 1024, 4096, 1024},
	{1024, 2048, 8192, 1024},
	{2048, 4096, 16384, 1024},
	{4096, 8192, 30720, 1024},
	{8192, 16384, 61440, 4096},
	{16384, 32768, 122880, 8192},
}

// FitFargate gives the smallest size of Fargate that has room for the CPU units and MiB. ok is
// false if there is none.
func FitFargate(cpu, memory int) (c, m int, ok bool) {
	for _, f := range fargate {
		if cpu > f.cpu || memory > f.to {
			continue
		}
		m := f.from
		for m < memory {
			m += f.step
		}
		return f.cpu, m, true
	}
	return 0, 0, false
}
