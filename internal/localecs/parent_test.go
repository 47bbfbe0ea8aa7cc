package localecs_test

const parentMode = "LOCALECS_TEST_PARENT"

func beParent() {}
