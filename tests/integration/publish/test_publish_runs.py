"""Runs that go well, and what they leave: ids, maps, hashes, before-images."""

from __future__ import annotations

from publish_rig import Rig, documents, requirements


def test_a_first_run_publishes_and_a_second_publishes_nothing(rig: Rig) -> None:
    rig.use(documents(), requirements())
    rig.build_documents(250)
    rig.build_requirements(150)

    report = rig.publish()

    assert report.exit_code == 0
    assert [(model.published, model.updated, model.left) for model in report.models] == [(250, 0, 0), (0, 150, 0)]
    assert rig.value("select count(*) from app_document") == 250
    assert rig.value("select count(*) from app_requirement where is_exempted and note = 'exempt ' || id") == 150
    before = rig.fingerprint("public")

    again = rig.publish()

    assert again.exit_code == 0
    assert [(model.published, model.updated, model.already_there) for model in again.models] == [
        (0, 0, 250),
        (0, 0, 150),
    ]
    assert rig.fingerprint("public") == before
