"""The sheets of many cases: each as if it were read alone, in the order asked for, in the questions of a few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.desk.queries import sheet
from cardcase.kit.errors import NotFound
from intake.world import files, order_row, orders_csv, take, upload

pytestmark = pytest.mark.django_db


def test_many_sheets_are_those_of_each_case_in_the_order_asked_for(owner, noon):
    numbers = take(owner, files(), at=noon).cases[::-1]
    assert len(numbers) > 1
    assert sheet.sheets(owner, numbers, now=noon) == [sheet.sheet(owner, number, now=noon) for number in numbers]
    assert [one["number"] for one in sheet.sheets(owner, numbers, now=noon)] == list(numbers)


def test_a_number_that_is_not_this_shops_is_refused(owner, stranger, noon):
    numbers = take(owner, files(), at=noon).cases
    with pytest.raises(NotFound):
        sheet.sheets(owner, [numbers[0], "AS-2026-999999"], now=noon)
    with pytest.raises(NotFound):
        sheet.sheets(stranger, numbers, now=noon)


def test_more_cases_ask_no_more_questions(owner, noon):
    rows = [
        order_row(f"33101456905450010{n:02d}", buyer=f"24{n}", nick=f"云朵{n}", refund="卡密无效") for n in range(12)
    ]
    numbers = take(owner, [upload("orders.csv", orders_csv(*rows))], at=noon).cases

    def questions(count: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            sheet.sheets(owner, numbers[:count], now=noon)
        return len(seen)

    assert len(numbers) == 12
    assert questions(12) == questions(2)
