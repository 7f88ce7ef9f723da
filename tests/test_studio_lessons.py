"""Every lesson's claims hold: prepared as it is, and changed as it says, by real runs."""

import pytest

from pellucid.diagnosis import DISEASES
from pellucid.studios.lessons import LESSONS, apart, lesson
from pellucid.studios.panels.doctor import OF_TRAINING
from pellucid.studios.run import Run
from pellucid.studios.view import View

TASKS = [
    pytest.param(each, place, id=f"{each.name}-{place + 1}")
    for each in LESSONS
    for place in range(len(each.tasks))
]


def view_of(run):
    standing = run.standing
    return View(
        run.experiment, run.material, run, standing, standing.mark, standing.theta, True, None
    )


def played(experiment):
    """The view at the start, and at the end."""
    with Run(experiment) as run:
        before = view_of(run)
        run.forward(epochs=experiment.epochs)
        return before, view_of(run)


@pytest.fixture(scope="module")
def prepared():
    """What each lesson's experiment comes to as it is, made once."""
    made = {}

    def of(each):
        if each.name not in made:
            made[each.name] = played(each.experiment)
        return made[each.name]

    return of


@pytest.mark.parametrize(("each", "place"), TASKS)
def test_a_task_is_done_by_doing_it_and_not_before(each, place, prepared):
    task = each.tasks[place]
    if task.changes:
        assert place not in each.done(prepared(each)[1])  # as prepared, it is not
        before, after = played(each.experiment.changed(**task.changes))
    else:
        before, after = prepared(each)
    assert place not in each.done(before)  # to set it up is not to have done it
    assert place in each.done(after), each.reading(after)


def test_a_lesson_begins_with_what_fails_and_ends_with_its_cure(prepared):
    for each in LESSONS:
        assert each.done(prepared(each)[1]) == {0}, each.name


def test_a_task_is_not_done_on_other_data(prepared):
    moons, xor = lesson("moons"), lesson("xor")
    assert moons.done(prepared(xor)[1]) == xor.done(prepared(moons)[1]) == set()


@pytest.mark.parametrize("each", LESSONS, ids=lambda each: each.name)
def test_whatever_can_be_tried_can_be_run_and_read(each):
    for label, changes in each.tries.items():
        with Run(each.experiment.changed(**changes)) as run:
            run.forward(epochs=1)
            reading = each.reading(view_of(run))
            assert reading.endswith("."), label
            assert "nan" not in reading, label


def test_lessons_have_names_of_their_own_and_few_words():
    names = [each.name for each in LESSONS]
    assert len(set(names)) == len(names)
    assert lesson("xor") is LESSONS[names.index("xor")]
    assert lesson("nothing") is None
    for each in LESSONS:
        assert len(f"{each.story} {each.question}".split()) < 70, each.name
        assert len(each.answer.split()) < 70, each.name


# --- what the lessons say, in numbers ------------------------------------------------------------


def test_equal_weights_stay_equal_to_the_last_bit_and_random_ones_do_not(prepared):
    each = lesson("equal-weights")
    assert apart(prepared(each)[1]) <= 1e-9
    assert apart(played(each.experiment.changed(initializer=""))[1]) > 0.1


def test_a_linear_output_grows_beyond_all_numbers_where_sigmoids_get_stuck():
    each = lesson("cliff")
    linear = played(each.experiment.changed(learning_rate=3.0, output="identity"))[1]
    stuck = played(each.experiment.changed(learning_rate=10.0))[1]
    assert linear.standing.ended == "diverged"
    assert stuck.standing.ended == "all epochs done"
    assert 1 in each.done(linear)
    assert 1 in each.done(stuck)


def test_more_units_over_fit_the_moons_and_decay_cures_it_up_to_a_point(prepared):
    each = lesson("moons")
    few = played(each.experiment.changed(hidden=(4,)))[1].standing.mark
    many = prepared(each)[1].standing.mark
    cured, too_much = (
        played(each.experiment.changed(alpha=alpha))[1].standing.mark for alpha in (0.1, 1.0)
    )
    assert many.score == 1.0
    assert many.test_loss > 2 * few.test_loss
    assert cured.test_loss < few.test_loss < many.test_loss
    assert too_much.score < cured.score < many.score
    assert too_much.test_loss > cured.test_loss


# --- in a browser ---------------------------------------------------------------------------------


def done(tab):
    """Which tasks are ticked, and whether the answer is told."""
    marks = tab.script(
        "return [...document.querySelectorAll('.lesson-tasks .q-icon')]"
        ".map((icon) => icon.classList.contains('done'))"
    )
    told = (
        "return document.querySelector('.lesson-answer').checkVisibility({visibilityProperty: 1})"
    )
    return marks, tab.script(told)


def try_(tab, words):
    """Click on what can be tried."""
    tab.script(
        "[...document.querySelectorAll('.lesson-try')]"
        ".find((button) => button.innerText === arguments[0]).click()",
        words,
    )


def test_a_lesson_is_gone_through_and_a_link_remembers_it(tab):
    page = tab()
    page.click("lesson-xor")
    page.wait(lambda: page.text(".lesson h3") == lesson("xor").title, "the lesson")
    page.wait(lambda: page.text("#lesson-reading") == "Set it up to begin.", "a word")
    page.click("lesson-begin")
    page.wait(lambda: "data=xor" in page.query, "its data")
    assert done(page) == ([False, False], False)
    page.play("epoch=1000")
    page.wait(lambda: done(page) == ([True, False], False), "the first task")
    page.wait(lambda: "50%" in page.text("#lesson-reading"), "the numbers")
    try_(page, "3 hidden units")
    page.wait(lambda: "hidden=3" in page.query, "a hidden layer")
    page.play("epoch=1000")
    page.wait(lambda: done(page) == ([True, True], True), "the second task")
    assert page.text(".lesson-answer") == lesson("xor").answer
    again = tab(page.query)
    again.wait(lambda: done(again) == ([True, True], True), "what was done")
    learnt = "return document.querySelectorAll('.lesson-item .q-icon.done').length"
    assert again.script(learnt) == 1


def test_a_task_is_seen_as_done_from_another_tab_too(tab):
    scaled = lesson("exam").experiment.changed(scaling="maximum")
    page = tab(f"{scaled.to_address()}&lesson=exam&tab=doctor")
    page.play("epoch=1000")
    page.wait(lambda: "done=1" in page.query, "the second task")


def test_every_lesson_opens_on_wide_and_narrow_pages(tab):
    for width in (1280, 800):
        page = tab("", width=width)
        for each in LESSONS:
            page.click(f"lesson-{each.name}")
            page.wait(lambda: page.text(".lesson h3") == each.title, each.name)  # noqa: B023
            assert page.browser.wider == 0, (each.name, width)


def test_the_doctor_tells_what_is_wrong_before_and_after_and_when_nothing_is(tab):
    sums = lesson("sums").experiment
    page = tab(f"{sums.to_address()}&tab=doctor")
    page.wait(lambda: "Unreachable targets" in page.text(".findings"), "the finding")
    assert page.text("#verdict") == "1 finding"
    assert "Output identity" in page.text(".finding .cure")
    assert "epoch 0, on 2000 training rows" in page.text("#doctor-note")
    page.play("epoch=20")
    page.wait(lambda: "epoch 20" in page.text("#doctor-note"), "another look")
    assert "Unreachable targets" in page.text(".findings")
    cured = tab(f"{sums.changed(output='identity').to_address()}&tab=doctor")
    cured.play("epoch=20")
    cured.wait(lambda: "epoch 20" in cured.text("#doctor-note"), "a look at the end")
    assert cured.text("#verdict").startswith("Nothing is wrong, of ")
    assert cured.text(".findings") == ""


def test_the_doctor_sees_equal_units_at_the_start(tab):
    page = tab(f"{lesson('equal-weights').experiment.to_address()}&tab=doctor")
    page.wait(lambda: "Equal units" in page.text(".findings"), "the finding")
    assert "First weights auto" in page.text(".findings")


def test_what_is_said_of_training_alone_is_known_to_the_doctor():
    assert set(OF_TRAINING) < set(DISEASES)
