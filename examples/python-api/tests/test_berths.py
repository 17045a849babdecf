from harbour.berths import find, local_times


def test_a_ship_sails_by_the_clocks_of_its_next_port():
    berth = find(3)
    assert berth is not None
    assert "2025-10-05T16:15:00+13:00" == local_times(berth)["there"]


def test_there_is_no_berth_nine():
    assert find(9) is None
